// FreeSWITCH and Asterisk: the matrix, and what only they do.
import { add } from '../harness.mjs';
import { kind } from '../exchange.mjs';
import { addMatrix } from '../matrix.mjs';

addMatrix([kind], [kind]);
