// Langflow has no JavaScript library of its own, so its reference is checked with plain fetch: tokens and growing messages, a whole run, errors, cancellation.
import assert from 'node:assert/strict';
import { cancelled, hours, world } from './_model.mjs';
import { emulator, prove } from './_emulator.mjs';

await prove('langflow', async () => {
    const vendor = await emulator('langflow', { world });
    const run = (flow, query, { key = vendor.key, body = { input_value: 'when are you open', session_id: 'CA1' }, signal } = {}) => fetch(`${vendor.url}/api/v1/run/${flow}${query}`, {
        method: 'POST', headers: { 'content-type': 'application/json', ...(key ? { 'x-api-key': key } : {}) }, body: typeof body === 'string' ? body : JSON.stringify(body), signal,
    });
    const events = async (answer) => (await answer.text()).split('\n\n').filter(Boolean).map((line) => JSON.parse(line));

    const streamed = await run('front-desk', '?stream=true');
    assert.equal(streamed.status, 200);
    assert.match(streamed.headers.get('content-type'), /^text\/event-stream/);
    const told = await events(streamed);
    assert.deepEqual([told[0].event, told[0].data.sender, told[0].data.text], ['add_message', 'User', 'when are you open']);
    const tokens = told.filter((e) => e.event === 'token');
    assert.equal(tokens.map((e) => e.data.chunk).join(''), hours);
    assert.ok(tokens.every((e) => e.data.id === told[1].data.id));
    assert.equal(told.at(-1).event, 'end');
    assert.equal(told.at(-1).data.result.outputs[0].outputs[0].results.message.text, hours);

    const whole = await (await run('front-desk', '')).json();
    assert.equal(whole.session_id, 'CA1');
    assert.equal(whole.outputs[0].outputs[0].results.message.data.text, hours);
    const grown = (await events(await run('front-desk-whole', '?stream=true'))).filter((e) => e.event === 'add_message' && e.data.sender === 'Machine');
    assert.ok(grown.length > 5 && grown.every((e, i) => i === 0 || e.data.text.startsWith(grown[i - 1].data.text)));

    const detail = async (answer, status) => {
        assert.equal(answer.status, status);
        return (await answer.json()).detail;
    };
    assert.match(await detail(await run('front-desk', '', { key: '' }), 403), /must be passed/);
    assert.match(await detail(await run('front-desk', '', { key: 'wrong' }), 403), /Invalid or missing/);
    assert.match(await detail(await run('unknown-flow', ''), 404), /unknown-flow not found/);
    assert.ok(await detail(await run('front-desk', '', { body: '{' }), 422));
    await vendor.script({ rules: [{ to: 1, status: 500 }, { from: 2, to: 2, no_final: true }] });
    assert.equal(JSON.parse(await detail(await run('front-desk', '?stream=true'), 500)).traceback, null);
    assert.ok(!(await events(await run('front-desk', '?stream=true'))).some((e) => e.event === 'end'));

    await vendor.script({ rules: [{ stall_after: 2 }] });
    await cancelled(vendor, async () => {
        const abort = new AbortController();
        const stalled = await run('front-desk', '?stream=true', { signal: abort.signal });
        let heard = '';
        await assert.rejects(async () => {
            for await (const bytes of stalled.body) {
                heard += Buffer.from(bytes).toString();
                if (heard.includes('token')) abort.abort();
            }
        }, /abort/i);
        return heard;
    });
    return `plain fetch (there is no library): ${tokens.length} tokens "${hours}", a whole run, ${grown.length} growing messages, 403/404/422/500 in its words, a silent end, cancelled`;
});
