// What nodemailer.py asks of nodemailer. Standard input, JSON: [{"transport": …, "messages": [{"envelope": …, "raw": text},
// …]}, …], each a transport of its own. Standard output, JSON: a list of results for each, in their order.
'use strict';
const nodemailer = require('nodemailer');

async function send(transport, message) {
  if (message.raw) message.raw = Buffer.from(message.raw, 'latin1');
  try {
    const sent = await transport.sendMail(message);
    return { accepted: sent.accepted, rejected: sent.rejected, response: sent.response };
  } catch (problem) {
    return { error: problem.code, response: problem.response, text: problem.message };
  }
}

async function main() {
  let input = '';
  for await (const part of process.stdin) input += part;
  const results = [];
  for (const job of JSON.parse(input)) {
    const transport = nodemailer.createTransport(job.transport);
    results.push(await Promise.all(job.messages.map((message) => send(transport, message))));
    transport.close();
  }
  console.log(JSON.stringify(results));
}

main();
