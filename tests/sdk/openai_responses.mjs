// Responses through the openai library: streamed text, a tool and its result, the vendor's errors as the library's types, cancellation.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { argumentsWanted, cancelled, hours, schema, slot, world } from './_model.mjs';
import { emulator, prove } from './_emulator.mjs';

await prove('openai_responses', async () => {
    const vendor = await emulator('openai', { world });
    const client = new OpenAI({ apiKey: vendor.key, baseURL: `${vendor.url}/v1`, maxRetries: 0 });
    const model = 'gpt-x';
    const tools = [{ type: 'function', name: 'get_slot', description: 'Finds a free time', parameters: schema, strict: false }];

    let text = '';
    const seen = [];
    const numbers = [];
    for await (const event of await client.responses.create({ model, input: 'when are you open', stream: true, store: false })) {
        seen.push(event.type);
        numbers.push(event.sequence_number);
        if (event.type === 'response.output_text.delta') text += event.delta;
    }
    assert.equal(text, hours);
    assert.deepEqual(numbers, numbers.map((_, i) => i));
    assert.deepEqual(seen.filter((type) => type !== 'response.output_text.delta'), ['response.created', 'response.in_progress', 'response.output_item.added',
        'response.content_part.added', 'response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.completed']);

    const whole = await client.responses.create({ model, input: [{ role: 'user', content: 'when are you open' }], instructions: 'Be brief.' });
    assert.equal(whole.output_text, hours);
    assert.equal(whole.status, 'completed');

    // The library's own accumulator puts the response together and must come to what the vendor says at the end.
    const input = [{ role: 'user', content: 'is there a slot' }];
    const stream = client.responses.stream({ model, input, tools, store: false });
    const asked = await stream.finalResponse();
    const call = asked.output.find((item) => item.type === 'function_call');
    assert.deepEqual(JSON.parse(call.arguments), argumentsWanted);
    assert.equal(asked.output_text, 'One moment.');
    input.push({ role: 'assistant', content: 'One moment.' }, { type: 'function_call', call_id: call.call_id, name: call.name, arguments: call.arguments });
    await assert.rejects(client.responses.create({ model, input, tools }), (e) => e instanceof OpenAI.BadRequestError && /No tool output found/.test(e.message));
    input.push({ type: 'function_call_output', call_id: call.call_id, output: '{"free":"10:00"}' });
    const told = await client.responses.stream({ model, input, tools, store: false }).finalResponse();
    assert.equal(told.output_text, slot);
    assert.ok(told.usage.output_tokens > 3);

    await assert.rejects(client.responses.create({ model, input: 'x', tools: [{ type: 'function', function: { name: 'nested' } }] }), OpenAI.BadRequestError);
    await assert.rejects(new OpenAI({ apiKey: 'wrong', baseURL: `${vendor.url}/v1`, maxRetries: 0 }).responses.create({ model, input: 'x' }), OpenAI.AuthenticationError);
    await vendor.script({ rules: [{ to: 1, status: 429 }, { from: 2, to: 2, finish: 'length' }] });
    await assert.rejects(client.responses.create({ model, input: 'x' }), OpenAI.RateLimitError);
    const cut = await client.responses.create({ model, input: 'when are you open' });
    assert.equal(cut.status, 'incomplete');
    assert.equal(cut.incomplete_details.reason, 'max_output_tokens');

    await vendor.script({ rules: [{ stall_after: 3 }] });
    const heard = await cancelled(vendor, async () => {
        let heard = '';
        const stream = await client.responses.create({ model, input: 'when are you open', stream: true });
        for await (const event of stream) {
            if (event.type === 'response.output_text.delta') heard += event.delta;
            if (heard.length > 5) stream.controller.abort();
        }
        assert.ok(hours.startsWith(heard) && heard.length < hours.length);
        return heard;
    });
    return `"${text}" in ${seen.length} events, get_slot(${call.arguments}) -> "${told.output_text}", 400/401/429 typed, incomplete for its length, cancelled after "${heard}"`;
});
