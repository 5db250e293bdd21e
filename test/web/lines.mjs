// A reporter of node:test that prints a line a test (see run).
export default async function* lines(source) {
  let count = 0;
  for await (const { type, data } of source) {
    if (type === 'test:stderr' || type === 'test:stdout') yield `     ${data.message.trimEnd()}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const failure = data.details?.error;
    if (data.nesting === 0 && data.name.endsWith('.mjs')) { // the file, not a test
      if (failure && !count) yield `FAIL ${data.name}\n     ${failure.cause ?? failure}\n`;
      continue;
    }
    count++;
    const name = data.name.replaceAll(':', ' ');
    if (data.skip !== undefined) yield `SKIP ${name}: ${data.skip || 'no reason given'}\n`;
    else if (type === 'test:pass') yield `PASS ${name}: ${(data.details.duration_ms / 1000).toFixed(1)} s\n`;
    else yield `FAIL ${name}\n${String(failure.cause?.stack ?? failure.cause ?? failure).split('\n').slice(0, 14).map((l) => `     ${l}`).join('\n')}\n`;
  }
  if (!count) yield 'FAIL panel\n     no test ran\n';
}
