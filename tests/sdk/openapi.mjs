// The OpenAPI document of a running gateway, by somebody else's validator; and the schema of an agent in it, by which a good document passes and a wrong one does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const token = 'a-token-for-this-proof';
const directory = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
const file = join(directory, 'parley.yaml');
writeFileSync(file, JSON.stringify({
    version: 1,
    server: { listen: '127.0.0.1:0', admin_listen: '127.0.0.1:0', data_dir: join(directory, 'var'), workers: 1, drain_accept_grace: '0s', admin_token: token },
    twilio: { verify_signatures: false },
    agents: { desk: { default: true, brain: 'echo' } },
}));
// The proofs' own variables are no settings of the gateway's.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_')));
const child = spawn(process.env.PARLEY_BIN, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'], env });
const guard = setTimeout(() => child.kill('SIGKILL'), 90_000);
try {
    const port = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`parley serve ended with ${code}`)));
        createInterface({ input: child.stdout }).on('line', (line) => {
            try {
                const event = JSON.parse(line);
                if (event.event === 'server.started') resolve(event.admin_port);
            } catch {
                // Not every line has to be one of ours.
            }
        });
    });
    const ask = async (method, path, body) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
    };
    const { status, body: document } = await ask('GET', '/v1/openapi.json');
    assert.equal(status, 200);
    const verdict = await new Validator().validate(structuredClone(document));
    assert.ok(verdict.valid, JSON.stringify(verdict.errors, null, 1));

    // Every schema is one, by the dialect OpenAPI 3.1 uses.
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    let schemas = 0;
    const ids = new Set();
    for (const [path, operations] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
            assert.ok(!ids.has(operation.operationId), `${operation.operationId} twice`);
            ids.add(operation.operationId);
            for (const content of [operation.requestBody?.content, ...Object.values(operation.responses).map((one) => one.content)]) {
                const schema = content?.['application/json']?.schema;
                if (!schema || schema.$ref) continue;
                assert.doesNotThrow(() => ajv.compile(schema), `${method} ${path}`);
                ++schemas;
            }
        }
    }
    const agent = ajv.compile(document.paths['/v1/agents'].post.requestBody.content['application/json'].schema);
    const good = { name: 'front', document: { brain: 'echo', numbers: ['+18005550199'], max_call: '10m', conversation: { idle_prompts: 2 }, variables: { company: 'Brightside' } } };
    assert.ok(agent(good), ajv.errorsText(agent.errors));
    assert.equal((await ask('POST', '/v1/agents', good)).status, 201);
    for (const wrong of [{ brain: 'parrot' }, { brain: 'echo', max_cal: '10m' }, { brain: 'echo', conversation: { idle_prompts: 99 } }, { brain: 'echo', voicemail: 'yes' }]) {
        assert.ok(!agent({ name: 'other', document: wrong }), JSON.stringify(wrong));
        assert.equal((await ask('POST', '/v1/agents', { name: 'other', document: wrong })).status, 400, JSON.stringify(wrong));
    }
    // What comes out is what the document says comes out.
    for (const path of ['/v1/agents', '/v1/agents/{name}', '/v1/tokens', '/v1/audit', '/v1/agents/{name}/revisions']) {
        const answer = await ask('GET', path.replace('{name}', 'front'));
        const check = ajv.compile(document.paths[path].get.responses['200'].content['application/json'].schema);
        assert.ok(check(answer.body), `${path}: ${ajv.errorsText(check.errors)}`);
    }
    console.log(`openapi: ${Object.keys(document.paths).length} paths, ${ids.size} operations, ${schemas} schemas`);
} finally {
    clearTimeout(guard);
    child.kill('SIGTERM');
    await new Promise((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', resolve)));
    rmSync(directory, { recursive: true, force: true });
}
