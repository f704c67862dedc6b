// Request validation both ways: what the simulator signs is accepted by the official SDK, and what it signs wrongly or somebody has changed is refused; what the
// SDK signs is accepted by a gateway (`parley serve`), and what is changed is refused there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { account, application, carrier, checks, prove, token, twilio, until } from './_twilio.mjs';

const desk = '+18005551212', publicUrl = 'https://gw.example.com';

// A gateway whose only agent is a bot that is never called.
async function gateway() {
    const directory = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
    const file = join(directory, 'parley.yaml');
    writeFileSync(file, JSON.stringify({ version: 1, server: { listen: '127.0.0.1:0', admin_listen: '127.0.0.1:0', public_url: publicUrl }, log: { format: 'json' },
        twilio: { auth_tokens: ['env:TWILIO_AUTH_TOKEN'] }, agents: { bot: { default: true, brain: 'bot', bot: 'ws://127.0.0.1:9/media' } } }));
    const child = spawn(process.env.PARLEY_BIN, ['serve', '--config', file], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, TWILIO_AUTH_TOKEN: token } });  // nothing of the test's own PARLEY_ variables, which would be settings
    const port = await new Promise((resolve, reject) => {
        const lines = [];
        child.once('exit', (code) => reject(new Error(`parley serve ended with ${code}: ${lines.join('\n')}`)));
        createInterface({ input: child.stdout }).on('line', (text) => {
            lines.push(text);
            const found = /"port":(\d+)/.exec(text);
            if (text.includes('server.started') && found) resolve(Number(found[1]));
        });
    });
    const stop = () => new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => { rmSync(directory, { recursive: true, force: true }); resolve(); });
        // The call it was told of never comes; the second signal skips waiting for it.
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGTERM'), 200);
    });
    return { url: `http://127.0.0.1:${port}`, stop };
}

await prove('twilio_validation', async () => {
    const app = await application((request) => {
        if (request.path === '/voice') return '<Response><Gather action="/gathered?x=1&amp;y=a%20b" timeout="1" actionOnEmptyResult="true"/></Response>';
        return request.path === '/sms' || request.path === '/gathered' ? '<Response/>' : undefined;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { voice_url: `${app.url}/voice?agent=%C3%A4&b=`, status_callback: `${app.url}/status`, sms_url: `${app.url}/sms` } } } });
    const client = sim.client();
    const { step, line } = checks();
    const valid = (one, secret = token) => twilio.validateRequest(secret, one.headers['x-twilio-signature'], one.url, one.method === 'POST' ? one.form : {});
    const call = async () => sim.report((await sim.post('/sim/calls', { to: desk, from: '+14155550101' })).call_sid);

    await step('calls', async () => {
        await call();
        const requests = await until(() => (app.at('/status').length > 0 ? app.seen.slice() : undefined), 'the callback');
        assert.deepEqual([...new Set(requests.map((one) => one.path))].sort(), ['/gathered', '/status', '/voice']);
        for (const one of requests) {
            assert.ok(valid(one), `the signature of ${one.url}`);
            assert.match(one.headers['i-twilio-idempotency-token'], /^[0-9a-f-]{36}$/);
        }
    });
    await step('messages', async () => {
        await sim.post('/sim/messages', { to: desk, from: '+14155550101', body: 'Grüße & <Küsse> 😀 +1' });
        const one = await until(() => app.at('/sms')[0], 'the message');
        assert.equal(one.form.Body, 'Grüße & <Küsse> 😀 +1');
        assert.ok(valid(one));
        await client.messages.create({ to: '+14155550102', from: desk, body: 'x', statusCallback: `${app.url}/sent` });
        assert.ok(valid(await until(() => app.at('/sent')[0], 'its callback')));
    });
    await step('GET', async () => {
        await sim.post('/sim/calls', { to: desk, from: '+14155550101', voice_url: `${app.url}/voice` });
        const placed = await client.calls.create({ to: '+14155550103', from: desk, url: `${app.url}/voice?by=get`, method: 'GET' });
        const one = await until(() => app.at('/voice').find((each) => each.method === 'GET'), 'a GET');
        assert.equal(one.form.CallSid, placed.sid);
        assert.ok(valid(one));
    });
    await step('tampered', async () => {
        const one = app.at('/voice')[0];
        assert.ok(valid(one));
        assert.ok(!valid({ ...one, form: { ...one.form, From: '+19995550000' } }));
        assert.ok(!valid({ ...one, form: { ...one.form, Extra: '1' } }));
        assert.ok(!valid({ ...one, url: one.url.replace('agent', 'agenT') }));
        assert.ok(!valid(one, 'another-token'));
    });
    await step('wrongly signed on purpose', async () => {
        app.seen.length = 0;
        await sim.put('/sim/faults', { webhooks: [{ path: '/voice', fault: 'wrong_token' }] });
        await call();
        assert.ok(!valid(app.at('/voice')[0]));
        app.seen.length = 0;
        await sim.put('/sim/faults', { webhooks: [{ path: '/voice', fault: 'unsigned' }] });
        await call();
        assert.equal(app.at('/voice')[0].headers['x-twilio-signature'], undefined);
        app.seen.length = 0;
        await sim.put('/sim/faults', { webhooks: [{ path: '/voice', fault: 'twice' }] });
        await call();
        const [first, second] = app.at('/voice');
        assert.equal(first.headers['i-twilio-idempotency-token'], second.headers['i-twilio-idempotency-token'], 'sent twice with one token');
        assert.ok(valid(first) && valid(second));
    });
    await step('callbacks lost and doubled', async () => {
        app.seen.length = 0;
        await sim.put('/sim/faults', { callbacks: { dropped: 1 } });
        await call();
        assert.equal(app.at('/status').length, 0);
        await sim.put('/sim/faults', { callbacks: { duplicated: 1 } });
        await call();
        await until(() => app.at('/status').length === 2, 'both copies');
        await sim.put('/sim/faults', { callbacks: {} });
    });
    const serving = await gateway();
    const ask = async (path, form, { signed = path, changed = {}, secret = token, header } = {}) => {
        const signature = header ?? twilio.getExpectedTwilioSignature(secret, `${publicUrl}${signed}`, form);
        const answer = await fetch(`${serving.url}${path}`, { method: 'POST', body: new URLSearchParams({ ...form, ...changed }), headers: signature ? { 'X-Twilio-Signature': signature } : {} });
        return { status: answer.status, text: await answer.text() };
    };
    const form = { CallSid: `CA${'1'.repeat(32)}`, AccountSid: account, From: '+14155550101', To: desk, CallStatus: 'ringing', Direction: 'inbound', ApiVersion: '2010-04-01', FromCity: '', Caller: '+14155550101', Called: desk };
    try {
        await step('signed by the SDK, accepted by the gateway', async () => {
            const answer = await ask('/webhooks/twilio/voice', form);
            assert.equal(answer.status, 200);
            assert.ok(answer.text.includes('<Connect'), answer.text);
            assert.equal((await ask('/webhooks/twilio/status?x=a%20b', { ...form, CallSid: `CA${'2'.repeat(32)}`, CallStatus: 'completed', Body: 'ä & <ö>' })).status, 204);
        });
        await step('tampered, refused by the gateway', async () => {
            assert.equal((await ask('/webhooks/twilio/voice', form, { changed: { From: '+19995550000' } })).status, 403);
            assert.equal((await ask('/webhooks/twilio/voice', form, { secret: 'another-token' })).status, 403);
            assert.equal((await ask('/webhooks/twilio/voice', form, { signed: '/webhooks/twilio/after' })).status, 403);
            assert.equal((await ask('/webhooks/twilio/voice', form, { header: '' })).status, 400);
        });
    } finally {
        await serving.stop();
    }
    return line(8);
});
