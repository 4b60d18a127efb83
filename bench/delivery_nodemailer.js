// Messages by nodemailer to one server, as fast as they go; bench/delivery_peers.py runs it.
//
//   node delivery_nodemailer.js PORT MESSAGES SESSIONS OCTETS pool|alone
//
// SESSIONS messages are under way at a time; a hundred go over each connection of the pool, which is what
// nodemailer does by itself. Prints seconds and how many were accepted.
'use strict';
const nodemailer = require('nodemailer');

const [port, messages, sessions, octets] = process.argv.slice(2, 6).map(Number);
const pool = process.argv[6] === 'pool';

function content() {
  let text = 'From: <a@example.org>\r\nTo: <b@remote.example>\r\nSubject: bench\r\n\r\n';
  while (text.length < octets) text += 'And so on, until the message is as long as it is wanted to be.\r\n';
  return Buffer.from(text);
}

async function main() {
  const raw = content();
  const envelope = { from: 'a@example.org', to: ['b@remote.example'] };
  const transport = nodemailer.createTransport({
    host: '127.0.0.1', port, name: 'bench.example.org', ignoreTLS: true, secure: false, pool,
    maxConnections: sessions, maxMessages: 100,
  });
  let left = messages;
  let accepted = 0;
  const begin = process.hrtime.bigint();
  async function work() {
    while (left > 0) {
      left -= 1;
      const sent = await transport.sendMail({ envelope, raw });
      accepted += sent.accepted.length;
    }
  }
  await Promise.all(Array.from({ length: sessions }, work));
  transport.close();
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  console.log(`${seconds.toFixed(6)} ${accepted}`);
  process.exit(accepted === messages ? 0 : 75);
}

main();
