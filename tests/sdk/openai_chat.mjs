// Chat completions through the openai library: streamed text with usage, a tool and its result, the vendor's errors as the library's types, cancellation.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { argumentsWanted, cancelled, hours, schema, slot, world } from './_model.mjs';
import { emulator, prove } from './_emulator.mjs';

await prove('openai_chat', async () => {
    const vendor = await emulator('openai', { world });
    const client = new OpenAI({ apiKey: vendor.key, baseURL: `${vendor.url}/v1`, maxRetries: 0 });
    const model = 'gpt-x';
    const user = (content) => ({ role: 'user', content });
    const tools = [{ type: 'function', function: { name: 'get_slot', description: 'Finds a free time', parameters: schema } }];

    let text = '', chunks = 0, usage, finish;
    const stream = await client.chat.completions.create({ model, messages: [user('when are you open')], stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
        chunks += 1;
        text += chunk.choices[0]?.delta?.content ?? '';
        finish = chunk.choices[0]?.finish_reason ?? finish;
        usage = chunk.usage ?? usage;
    }
    assert.equal(text, hours);
    assert.ok(chunks > 8);
    assert.equal(finish, 'stop');
    assert.ok(usage.total_tokens === usage.prompt_tokens + usage.completion_tokens && usage.completion_tokens > 5);

    const whole = await client.chat.completions.create({ model, messages: [user('when are you open')] });
    assert.equal(whole.choices[0].message.content, hours);
    assert.ok(whole._request_id?.startsWith('req_'));

    const messages = [user('is there a slot')];
    const asked = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
    const message = asked.choices[0].message;
    assert.equal(asked.choices[0].finish_reason, 'tool_calls');
    assert.equal(message.content, 'One moment.');
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), argumentsWanted);
    messages.push(message, { role: 'tool', tool_call_id: message.tool_calls[0].id, content: '{"free":"10:00"}' });
    const told = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
    assert.equal(told.choices[0].message.content, slot);

    await assert.rejects(client.chat.completions.create({ model, messages: messages.slice(0, 2), tools, stream: true }), (e) => e instanceof OpenAI.BadRequestError && /tool_call/.test(e.message));
    await assert.rejects(client.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError);
    await assert.rejects(new OpenAI({ apiKey: 'wrong', baseURL: `${vendor.url}/v1`, maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);
    await vendor.script({ rules: [{ to: 1, status: 429, retry_after: 0.1 }, { from: 2, to: 2, status: 503 }] });
    await assert.rejects(client.chat.completions.create({ model, messages: [user('x')] }), OpenAI.RateLimitError);
    await assert.rejects(client.chat.completions.create({ model, messages: [user('x')] }), OpenAI.InternalServerError);
    // Left to itself the library waits as told and tries again.
    await vendor.script({ rules: [{ to: 1, status: 429, retry_after: 0.1 }] });
    const again = await new OpenAI({ apiKey: vendor.key, baseURL: `${vendor.url}/v1`, maxRetries: 1 }).chat.completions.create({ model, messages: [user('when are you open')] });
    assert.equal(again.choices[0].message.content, hours);

    await vendor.script({ rules: [{ stall_after: 3 }] });
    const heard = await cancelled(vendor, async () => {
        const stream = await client.chat.completions.create({ model, messages: [user('when are you open')], stream: true });
        let heard = '';
        for await (const chunk of stream) {
            heard += chunk.choices[0]?.delta?.content ?? '';
            if (heard.length > 5) stream.controller.abort();
        }
        assert.ok(hours.startsWith(heard) && heard.length < hours.length);
        return heard;
    });
    return `"${text}" in ${chunks} chunks, get_slot(${message.tool_calls[0].function.arguments}) -> "${told.choices[0].message.content}", 400/401/429/503 typed, one retried, cancelled after "${heard}"`;
});
