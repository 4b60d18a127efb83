// The plugin of _haraka.py: takes mail for the mailboxes that config/mailboxes names, into Maildirs in $HARAKA/mail.
// Haraka gives plugins OK and DENY.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const DOMAIN = 'example.net';

exports.register = function () {
  this.mailboxes = new Set(this.config.get('mailboxes', 'list'));
};

exports.hook_rcpt = function (next, connection, [recipient]) {
  const known = recipient.host === DOMAIN && this.mailboxes.has(recipient.user);
  if (known) next(OK);
  else next(DENY, 'There is nobody of this name');
};

exports.hook_queue = function (next, connection) {
  const { uuid, rcpt_to: recipients, message_stream: stream } = connection.transaction;
  const part = path.join(process.env.HARAKA, `${uuid}.part`);
  const file = fs.createWriteStream(part);
  file.once('close', () => {
    for (const { user } of recipients) {
      const box = path.join(process.env.HARAKA, 'mail', user);
      fs.mkdirSync(path.join(box, 'new'), { recursive: true });
      fs.copyFileSync(part, path.join(box, uuid));
      fs.renameSync(path.join(box, uuid), path.join(box, 'new', uuid));
    }
    fs.unlinkSync(part);
    next(OK);
  });
  stream.pipe(file);
};
