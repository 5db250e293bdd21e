// The matrix: node cases.mjs MODE [PATTERN] (see run). Every exchange has a file of cases.
import { closeBrowsers } from './ends.mjs';
import { runAll } from './harness.mjs';
import { kind } from './exchange.mjs';

await import({ kamailio: './kamailio.mjs', freeswitch: './peers/cases.mjs', asterisk: './peers/cases.mjs' }[kind]);
const well = await runAll();
await closeBrowsers();
process.exit(well ? 0 : 1);
