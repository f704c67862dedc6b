// OpenAI's library against the emulated /v1/audio/speech: raw PCM, events, and refusals.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { duration, emulator, peak, prove } from './_emulator.mjs';

const input = 'Half past ten is free. Shall I book it?';

await prove('openai_speech', async () => {
    const vendor = await emulator('openai', { world: { times: { first_audio: '20ms', pace: 20 } } });
    const client = new OpenAI({ apiKey: vendor.key, baseURL: `${vendor.url}/v1`, maxRetries: 0 });

    const reply = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input, response_format: 'pcm' });
    const pieces = [];
    for await (const piece of reply.body) pieces.push(Buffer.from(piece));
    const pcm = Buffer.concat(pieces);
    const length = duration(pcm.length, 24000, 2);
    assert.ok(length > 1500 && length < 8000, `${length} ms`);
    assert.ok(peak(pcm) > 0.05, 'it is silent');
    assert.ok(pieces.length > 3, 'it was not streamed');

    const wav = Buffer.from(await (await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input, response_format: 'wav' })).arrayBuffer());
    assert.equal(wav.subarray(0, 4).toString(), 'RIFF');
    assert.equal(wav.length - 44, pcm.length);

    const events = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input, response_format: 'pcm', stream_format: 'sse' });
    const lines = (await events.text()).split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
    const delivered = Buffer.concat(lines.filter((event) => event.type === 'speech.audio.delta').map((event) => Buffer.from(event.audio, 'base64')));
    assert.ok(delivered.equals(pcm), 'the events hold other audio');
    assert.equal(lines.at(-1).type, 'speech.audio.done');

    await assert.rejects(client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input: 'x'.repeat(4097), response_format: 'pcm' }), OpenAI.BadRequestError);
    await assert.rejects(new OpenAI({ apiKey: 'wrong', baseURL: `${vendor.url}/v1`, maxRetries: 0 }).audio.speech.create({ model: 'tts-1', voice: 'alloy', input, response_format: 'pcm' }), OpenAI.AuthenticationError);
    return `${Math.round(length)} ms of 24 kHz PCM in ${pieces.length} pieces, the same as WAV and as ${lines.length - 1} events, too long a text 400, a wrong key 401`;
});
