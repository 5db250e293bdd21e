// The phone's description of its own interface is a correct OpenAPI 3.1 document, by the
// schema that its authors publish.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { startPhone } from './phone.mjs';

let phone;
before(async () => { phone = await startPhone(); });
after(async () => { await phone?.stop(); });

test('the description is OpenAPI 3.1', { timeout: 60000 }, async () => {
  const text = await (await fetch(`${phone.url}api/v1/openapi.json`)).text();
  const doc = JSON.parse(text);
  assert.equal(doc.openapi, '3.1.0');
  assert.ok(Object.keys(doc.paths).length > 60, `${Object.keys(doc.paths).length} addresses`);
  const good = await new Validator().validate(doc);
  assert.ok(good.valid, JSON.stringify(good.errors));
  // What is wrong is found: the check means something.
  const bad = JSON.parse(text);
  delete bad.paths['/api/v1/status'].get.responses;
  bad.paths['/api/v1/status'].get.responses = 'none';
  assert.ok(!(await new Validator().validate(bad)).valid);
});
