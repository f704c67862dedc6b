// Gemini Live through @google/genai: a spoken question in, a spoken answer with its words out; a tool.
import assert from 'node:assert/strict';
import { GoogleGenAI, Modality } from '@google/genai';
import { duration, emulator, peak, prove, speech } from './_emulator.mjs';

const question = 'what are your opening hours';
const answer = 'We are open from nine until five.';
const world = {
    phrases: [question, 'book an appointment'],
    rules: [
        { words: ['opening'], say: answer },
        { words: ['appointment'], tool: 'get_slot', arguments: '{"day":"tue"}' },
        { tool_result: 'get_slot', say: 'Tuesday at ten is free.' },
    ],
    times: { recognition: '50ms', first_token: '50ms', first_audio: '50ms', pace: 0 },
};

await prove('gemini_live', async () => {
    const vendor = await emulator('gemini', { world });
    const client = new GoogleGenAI({ apiKey: vendor.key, httpOptions: { baseUrl: vendor.url } });
    const seen = [], waiting = [];
    const session = await client.live.connect({
        model: 'gemini-2.5-flash-native-audio-preview-12-2025',
        config: {
            responseModalities: [Modality.AUDIO], inputAudioTranscription: {}, outputAudioTranscription: {}, sessionResumption: {},
            systemInstruction: 'Dental desk.', tools: [{ functionDeclarations: [{ name: 'get_slot', description: 'Finds a slot' }] }],
        },
        callbacks: {
            onmessage: (message) => {
                seen.push(message);
                for (const one of [...waiting]) {
                    if (!one.fits(message)) continue;
                    waiting.splice(waiting.indexOf(one), 1);
                    one.resolve(message);
                }
            },
        },
    });
    const next = (fits) => new Promise((resolve) => waiting.push({ resolve, fits }));
    const say = async (text) => {
        const sound = Buffer.concat([await speech(vendor, text, { encoding: 'linear16', rate: 16000 }), Buffer.alloc(16000)]);
        for (let at = 0; at < sound.length; at += 3200)
            session.sendRealtimeInput({ media: { data: sound.subarray(at, at + 3200).toString('base64'), mimeType: 'audio/pcm;rate=16000' } });
    };
    const words = (which) => seen.map((m) => m.serverContent?.[which]?.text ?? '').join('');

    let complete = next((m) => m.serverContent?.turnComplete);
    await say(question);
    await complete;
    assert.equal(words('inputTranscription').trim(), question);
    assert.equal(words('outputTranscription').trim(), answer);
    const parts = seen.flatMap((m) => m.serverContent?.modelTurn?.parts ?? []).map((p) => p.inlineData).filter(Boolean);
    assert.ok(parts.every((p) => p.mimeType === 'audio/pcm;rate=24000'));
    const sound = Buffer.concat(parts.map((p) => Buffer.from(p.data, 'base64')));
    const length = duration(sound.length, 24000, 2);
    assert.ok(length > 800 && length < 10000, `${length} ms of sound`);
    assert.ok(peak(sound) > 0.05, 'the answer is audible');
    const resumption = seen.find((m) => m.sessionResumptionUpdate) ?? (await next((m) => m.sessionResumptionUpdate));
    assert.ok(resumption.sessionResumptionUpdate.newHandle);

    seen.length = 0;
    const asked = next((m) => m.toolCall);
    await say('book an appointment');
    const call = (await asked).toolCall.functionCalls[0];
    assert.equal(call.name, 'get_slot');
    assert.deepEqual(call.args, { day: 'tue' });
    complete = next((m) => m.serverContent?.turnComplete);
    session.sendToolResponse({ functionResponses: [{ id: call.id, name: call.name, response: { output: '10:00' } }] });
    await complete;
    assert.equal(words('outputTranscription').trim(), 'Tuesday at ten is free.');
    session.close();
    return `"${question}" spoken, heard as such, answered "${answer}" in ${Math.round(length)} ms of sound at 24 kHz; get_slot called and its result spoken`;
});
