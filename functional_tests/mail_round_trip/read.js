// Reads mails with mailparser and writes what it found as JSON: its folder, a folder of mails, the file to write.
"use strict";

const fs = require("fs");
const path = require("path");
const { domainToASCII } = require("url");

const [library, folder, found] = process.argv.slice(2);
const { simpleParser } = require(library);

// It shows a domain of A-labels as people would write it.
const inAscii = (address) => address.replace(/[^@]*$/, domainToASCII);
const people = (header) => (header ? header.value.map(({ name, address }) => [name, inAscii(address)]) : []);

async function read(name) {
  const mail = await simpleParser(fs.readFileSync(path.join(folder, name)), { skipTextToHtml: true, skipHtmlToText: true });
  return {
    subject: mail.subject ?? "",
    from: people(mail.from)[0],
    to: people(mail.to),
    files: mail.attachments.map(({ filename }) => filename),
    references: [mail.references ?? []].flat(),
  };
}

(async () => {
  const all = {};
  for (const name of fs.readdirSync(folder)) {
    all[name] = await read(name);
  }
  fs.writeFileSync(found, JSON.stringify(all));
})();
