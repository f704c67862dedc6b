// Deepgram's library against the emulated /v1/listen: interim and final results, an utterance's end, Finalize, CloseStream.
import assert from 'node:assert/strict';
import { DeepgramClient } from '@deepgram/sdk';
import { emulator, prove } from './_emulator.mjs';
import { play, seen, spoken, world } from './_caller.mjs';

await prove('deepgram_listen', async () => {
    const vendor = await emulator('deepgram', { world });
    const client = new DeepgramClient({ apiKey: vendor.key, environment: { base: vendor.url, production: vendor.ws, agent: vendor.ws } });
    const socket = await client.listen.v1.connect({
        model: 'nova-3', encoding: 'mulaw', sample_rate: 8000, interim_results: 'true', endpointing: 300, utterance_end_ms: 1000,
        vad_events: 'true', punctuate: 'true', keyterm: ['opening hours'], Authorization: `Token ${vendor.key}`,
    });
    const messages = [];
    socket.on('message', (message) => messages.push(message));
    socket.connect();
    await socket.waitForOpen();
    const results = () => messages.filter((m) => m.type === 'Results');
    const text = (m) => m.channel.alternatives[0].transcript;

    await play(await spoken(vendor, 'what are your opening hours', { encoding: 'mulaw', rate: 8000 }, 1500), (piece) => socket.sendMedia(piece));
    const end = await seen(() => results().find((m) => m.is_final && m.speech_final), 'speech_final');
    assert.equal(text(end), 'what are your opening hours');
    assert.ok(end.channel.alternatives[0].confidence > 0.5 && end.channel.alternatives[0].words.length === 5);
    assert.ok(results().some((m) => !m.is_final && text(m) === 'what are your'), 'an interim result');
    assert.ok(messages.some((m) => m.type === 'SpeechStarted'));
    await seen(() => messages.find((m) => m.type === 'UtteranceEnd'), 'UtteranceEnd');

    await play(await spoken(vendor, 'on tuesday at ten', { encoding: 'mulaw', rate: 8000 }, 100), (piece) => socket.sendMedia(piece));
    socket.sendFinalize({ type: 'Finalize' });
    const forced = await seen(() => results().find((m) => m.from_finalize), 'from_finalize');
    assert.equal(text(forced), 'on tuesday at ten');
    assert.ok(forced.start >= end.start + end.duration - 0.001, 'ranges follow one another');

    socket.sendKeepAlive({ type: 'KeepAlive' });
    socket.sendCloseStream({ type: 'CloseStream' });
    const summary = await seen(() => messages.find((m) => m.type === 'Metadata'), 'Metadata');
    assert.equal(summary.request_id, end.metadata.request_id);
    socket.close();

    const refused = new DeepgramClient({ apiKey: 'wrong', environment: { base: vendor.url, production: vendor.ws, agent: vendor.ws } });
    const second = await refused.listen.v1.connect({ model: 'nova-3', encoding: 'mulaw', sample_rate: 8000, Authorization: 'Token wrong', reconnectAttempts: 0 });
    let failed = false;
    second.on('error', () => { failed = true; });
    second.connect();
    await seen(() => failed, 'the refusal of a wrong key');
    second.close();
    return `@deepgram/sdk heard "${text(end)}" (speech_final) and "${text(forced)}" (from_finalize), ${results().length} results, a wrong key was refused`;
});
