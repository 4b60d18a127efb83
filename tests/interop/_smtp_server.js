// nodemailer's smtp-server, for _smtp_server.py: node _smtp_server.js FOLDER PORT USER PASSWORD. FOLDER has certificate.pem,
// key.pem and mailboxes, and gets the mail as Maildirs in mail/.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { SMTPServer } = require('smtp-server');

const [folder, port, user, password] = process.argv.slice(2);
const DOMAIN = 'example.net';
const mailboxes = new Set(fs.readFileSync(path.join(folder, 'mailboxes'), 'utf8').split('\n'));

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

function onRcptTo(address, session, callback) {
  const [local, domain] = address.address.split('@');
  const known = domain === DOMAIN && mailboxes.has(local);
  callback(known ? null : refusal(550, 'There is nobody of this name'));
}

function onData(stream, session, callback) {
  const parts = [];
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    if (stream.sizeExceeded) return callback(refusal(552, 'The message is too big'));
    for (const { address } of session.envelope.rcptTo) {
      const box = path.join(folder, 'mail', address.split('@')[0]);
      const name = crypto.randomUUID();
      fs.mkdirSync(path.join(box, 'new'), { recursive: true });
      fs.writeFileSync(path.join(box, name), Buffer.concat(parts));
      fs.renameSync(path.join(box, name), path.join(box, 'new', name));
    }
    callback(null, 'Taken');
  });
}

function onAuth(auth, session, callback) {
  const good = auth.username === user && auth.password === password;
  if (good) callback(null, { user });
  else callback(refusal(535, 'Wrong'));
}

const server = new SMTPServer({
  name: 'localhost',
  key: fs.readFileSync(path.join(folder, 'key.pem')),
  cert: fs.readFileSync(path.join(folder, 'certificate.pem')),
  authOptional: true,
  disableReverseLookup: true,
  hideENHANCEDSTATUSCODES: false,
  size: 50 * 1024 * 1024,
  onRcptTo,
  onData,
  onAuth,
});
server.on('error', (problem) => console.error(problem.message));
server.listen(Number(port), '127.0.0.1');
