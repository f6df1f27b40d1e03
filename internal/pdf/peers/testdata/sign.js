// Signs a PDF with node-signpdf: node sign.js in out key.pem leaf.pem issuers.pem x0,y0,x1,y1 name. The CMS structure is openssl's.
const fs = require('fs');
const { spawnSync } = require('child_process');
const { plainAddPlaceholder } = require('@signpdf/placeholder-plain');
const { SignPdf } = require('@signpdf/signpdf');
const { Signer } = require('@signpdf/utils');

const [, , from, to, key, leaf, issuers, rect, name] = process.argv;

class Openssl extends Signer {
  async sign(content) {
    const cms = spawnSync('openssl', ['cms', '-sign', '-binary', '-md', 'sha256', '-outform', 'DER', '-signer', leaf, '-certfile', issuers, '-inkey', key], { input: content });
    if (cms.status !== 0) throw new Error(cms.stderr.toString());
    return cms.stdout;
  }
}

async function main() {
  const pdfBuffer = plainAddPlaceholder({
    pdfBuffer: fs.readFileSync(from), reason: 'Agreed', contactInfo: 'a@example.com', location: 'Bonn', name,
    signatureLength: 8192, widgetRect: rect.split(',').map(Number),
  });
  fs.writeFileSync(to, await new SignPdf().sign(pdfBuffer, new Openssl()));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
