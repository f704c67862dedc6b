// generateContent through Google's library: streamed text, a tool and its result, errors, cancellation. This version of the
// library knows no thought signatures, which models from 3 on want back: those are checked with plain fetch.
import assert from 'node:assert/strict';
import { FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai';
import { argumentsWanted, cancelled, hours, slot, world } from './_model.mjs';
import { emulator, prove } from './_emulator.mjs';

await prove('gemini', async () => {
    const vendor = await emulator('gemini', { world });
    const make = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: vendor.url } });
    const client = make(vendor.key);
    const model = 'gemini-2.5-flash';
    const config = {
        systemInstruction: 'You answer the phone.',
        maxOutputTokens: 200,
        tools: [{
            functionDeclarations: [{
                name: 'get_slot', description: 'Finds a free time',
                parameters: { type: Type.OBJECT, properties: { day: { type: Type.STRING }, hours: { type: Type.ARRAY, items: { type: Type.NUMBER } } }, required: ['day'] },
            }],
        }],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
    };

    let text = '', chunks = 0, last;
    for await (const chunk of await client.models.generateContentStream({ model, contents: 'when are you open', config })) {
        chunks += 1;
        text += chunk.text ?? '';
        last = chunk;
    }
    assert.equal(text, hours);
    assert.ok(chunks > 5);
    assert.equal(last.candidates[0].finishReason, 'STOP');
    assert.ok(last.usageMetadata.candidatesTokenCount > 5);
    const whole = await client.models.generateContent({ model, contents: 'when are you open' });
    assert.equal(whole.text, hours);

    const contents = [{ role: 'user', parts: [{ text: 'is there a slot' }] }];
    const parts = [];
    for await (const chunk of await client.models.generateContentStream({ model, contents, config })) parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    const called = parts.find((part) => part.functionCall);
    assert.deepEqual(called.functionCall.args, argumentsWanted);
    const answered = (call) => [...contents, { role: 'model', parts: [{ text: 'One moment.' }, call] },
        { role: 'user', parts: [{ functionResponse: { id: call.functionCall.id, name: 'get_slot', response: { output: { free: '10:00' } } } }] }];
    const told = await client.models.generateContent({ model, contents: answered(called), config });
    assert.equal(told.text, slot);
    await assert.rejects(client.models.generateContent({ model, contents: answered(called).slice(0, 2), config }), /function response turn/);

    const plain = async (asked) => {
        const body = { contents: asked, tools: [{ functionDeclarations: [{ name: 'get_slot', description: 'Finds a free time' }] }] };
        const answer = await fetch(`${vendor.url}/v1beta/models/gemini-3-flash:generateContent`, { method: 'POST', headers: { 'x-goog-api-key': vendor.key }, body: JSON.stringify(body) });
        return [answer.status, await answer.json()];
    };
    const signed = (await plain(contents))[1].candidates[0].content.parts[1];
    assert.ok(signed.thoughtSignature);
    assert.equal((await plain(answered({ functionCall: signed.functionCall })))[0], 400);
    assert.equal((await plain(answered(signed)))[1].candidates[0].content.parts[0].text, slot);

    await assert.rejects(client.models.generateContentStream({ model, contents: [] }), /contents/);
    await assert.rejects(make('wrong').models.generateContent({ model, contents: 'x' }), (e) => e.name === 'ClientError' && /401/.test(e.message));
    await vendor.script({ rules: [{ to: 1, status: 429 }, { from: 2, to: 2, status: 503 }] });
    await assert.rejects(client.models.generateContent({ model, contents: 'x' }), (e) => e.name === 'ClientError' && /RESOURCE_EXHAUSTED/.test(e.message));
    await assert.rejects(client.models.generateContent({ model, contents: 'x' }), (e) => e.name === 'ServerError' && /UNAVAILABLE/.test(e.message));

    await vendor.script({ rules: [{ stall_after: 3 }] });
    const heard = await cancelled(vendor, async () => {
        const abort = new AbortController();
        let heard = '';
        await assert.rejects(async () => {
            for await (const chunk of await client.models.generateContentStream({ model, contents: 'when are you open', config: { abortSignal: abort.signal } })) {
                heard += chunk.text ?? '';
                if (heard.length > 5) abort.abort();
            }
        }, /abort/i);
        assert.ok(hours.startsWith(heard) && heard.length < hours.length);
        return heard;
    });
    return `"${text}" in ${chunks} chunks, get_slot(${JSON.stringify(called.functionCall.args)}) -> "${told.text}", 400/401/429/503 as the library's errors, cancelled after "${heard}"`;
});
