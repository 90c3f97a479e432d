import { findBwrap } from '../../src/find-bwrap.ts';
import { probeBubblewrap } from '../../src/probe.ts';

process.stdout.write(JSON.stringify(await probeBubblewrap({ bwrap: findBwrap('/usr/bin'), user: null })));
