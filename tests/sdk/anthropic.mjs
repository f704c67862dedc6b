// Messages through the anthropic library: streamed text, a tool and its result, the vendor's errors as the library's types, cancellation.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { argumentsWanted, cancelled, hours, schema, slot, world } from './_model.mjs';
import { emulator, prove } from './_emulator.mjs';

await prove('anthropic', async () => {
    const vendor = await emulator('anthropic', { world });
    const client = new Anthropic({ apiKey: vendor.key, baseURL: vendor.url, maxRetries: 0 });
    const base = { model: 'claude-haiku-4-5', max_tokens: 200 };
    const user = (content) => ({ role: 'user', content });
    const tools = [{ name: 'get_slot', description: 'Finds a free time', input_schema: schema }];

    let deltas = 0;
    const stream = client.messages.stream({ ...base, system: 'You answer the phone.', messages: [user('when are you open')] }).on('text', () => { deltas += 1; });
    const message = await stream.finalMessage();
    assert.equal(message.content[0].text, hours);
    assert.ok(deltas > 5);
    assert.equal(message.stop_reason, 'end_turn');
    assert.ok(message.usage.output_tokens > 5 && message.usage.input_tokens > 0);
    assert.ok(stream.request_id?.startsWith('req_'));

    const whole = await client.messages.create({ ...base, messages: [user('when are you open')] });
    assert.equal(whole.content[0].text, hours);

    const messages = [user('is there a slot')];
    const asked = await client.messages.stream({ ...base, messages, tools }).finalMessage();
    assert.equal(asked.stop_reason, 'tool_use');
    const call = asked.content.find((block) => block.type === 'tool_use');
    assert.deepEqual(call.input, argumentsWanted);
    messages.push({ role: 'assistant', content: asked.content });
    await assert.rejects(client.messages.create({ ...base, messages, tools }), Anthropic.BadRequestError);
    await assert.rejects(client.messages.create({ ...base, messages: [...messages, user('hello?')], tools }), (e) => e instanceof Anthropic.BadRequestError && /tool_result/.test(e.message));
    messages.push(user([{ type: 'tool_result', tool_use_id: call.id, content: '{"free":"10:00"}' }]));
    const told = await client.messages.stream({ ...base, messages, tools }).finalMessage();
    assert.equal(told.content[0].text, slot);

    await assert.rejects(client.messages.create({ ...base, messages: [user('a'), user('b')] }), Anthropic.BadRequestError);
    await assert.rejects(new Anthropic({ apiKey: 'wrong', baseURL: vendor.url, maxRetries: 0 }).messages.create({ ...base, messages: [user('x')] }), Anthropic.AuthenticationError);
    await vendor.script({ rules: [{ to: 1, status: 429, retry_after: 1 }, { from: 2, to: 2, status: 529 }] });
    await assert.rejects(client.messages.create({ ...base, messages: [user('x')] }), Anthropic.RateLimitError);
    await assert.rejects(client.messages.create({ ...base, messages: [user('x')] }), (e) => e instanceof Anthropic.InternalServerError && /overloaded_error/.test(e.message));

    await vendor.script({ rules: [{ stall_after: 3 }] });
    const heard = await cancelled(vendor, async () => {
        const stream = client.messages.stream({ ...base, messages: [user('when are you open')] });
        let heard = '';
        await assert.rejects(async () => {
            for await (const event of stream) {
                if (event.delta?.type === 'text_delta') heard += event.delta.text;
                if (heard.length > 5) stream.abort();
            }
        }, Anthropic.APIUserAbortError);
        assert.ok(hours.startsWith(heard) && heard.length < hours.length);
        return heard;
    });
    return `"${message.content[0].text}" in ${deltas} deltas, get_slot(${JSON.stringify(call.input)}) -> "${told.content[0].text}", 400/401/429/529 typed, cancelled after "${heard}"`;
});
