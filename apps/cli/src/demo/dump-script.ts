/** Prints every file that the agent can read and that is not part of the system, and what /proc tells it. */
export const dumpScript = `
const fs = require('node:fs');
const path = require('node:path');
const out = (file) => { try { process.stdout.write(fs.readFileSync(file)); } catch {} };
const walk = (folder) => {
  let entries = [];
  try { entries = fs.readdirSync(folder, { withFileTypes: true }); } catch {}
  for (const entry of entries) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(name);
    else if (entry.isFile() && fs.statSync(name).size < 1e7) out(name);
  }
};
for (const folder of ['/home', '/tmp', '/run', '/etc', '/var', '/dev/shm']) walk(folder);
for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
  for (const file of ['environ', 'cmdline']) out('/proc/' + pid + '/' + file);
}
process.stdout.write('end of dump');
`;
