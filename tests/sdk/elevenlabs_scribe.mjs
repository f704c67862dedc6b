// ElevenLabs' library against the emulated Scribe realtime: commits by hand and by a pause, with and without timestamps, a wrong format.
import assert from 'node:assert/strict';
import { AudioFormat, CommitStrategy, ElevenLabsClient, RealtimeEvents } from '@elevenlabs/elevenlabs-js';
import { emulator, prove } from './_emulator.mjs';
import { bare, play, seen, spoken, world } from './_caller.mjs';

async function transcribe(vendor, text, options, byHand) {
    const client = new ElevenLabsClient({ apiKey: vendor.key, baseUrl: vendor.url });
    const stream = await client.speechToText.realtime.connect({ modelId: 'scribe_v2_realtime', audioFormat: AudioFormat.ULAW_8000, sampleRate: 8000, ...options });
    const seenEvents = {};
    for (const event of Object.values(RealtimeEvents)) stream.on(event, (data) => { (seenEvents[event] ??= []).push(data); });
    await seen(() => seenEvents.session_started, 'session_started');
    const pieces = await spoken(vendor, text, { encoding: 'mulaw', rate: 8000 }, byHand ? 100 : 1200);
    await play(pieces, (piece) => stream.send({ audioBase64: piece.toString('base64'), sampleRate: 8000 }));
    if (byHand) stream.commit();
    const [done] = await seen(() => seenEvents.committed_transcript, 'committed_transcript');
    assert.equal(bare(done.text), text);
    assert.ok(seenEvents.partial_transcript.length >= 2, 'partial transcripts');
    if (options.includeTimestamps) {
        const [timed] = await seen(() => seenEvents.committed_transcript_with_timestamps, 'the timestamps');
        assert.equal(timed.words.filter((word) => word.type === 'word').length, text.split(' ').length);
    }
    assert.ok(!seenEvents.error, JSON.stringify(seenEvents.error));
    stream.close();
    return done.text;
}

await prove('elevenlabs_scribe', async () => {
    const vendor = await emulator('elevenlabs', { world });
    const byHand = await transcribe(vendor, 'book an appointment', { commitStrategy: CommitStrategy.MANUAL, includeTimestamps: true }, true);
    const byVad = await transcribe(vendor, 'what are your opening hours', { commitStrategy: CommitStrategy.VAD, vadSilenceThresholdSecs: 0.5 }, false);
    const client = new ElevenLabsClient({ apiKey: vendor.key, baseUrl: vendor.url });
    const stream = await client.speechToText.realtime.connect({ modelId: 'scribe_v2_realtime', audioFormat: AudioFormat.ULAW_8000, sampleRate: 8000 });
    const errors = [];
    stream.on(RealtimeEvents.INPUT_ERROR, (error) => errors.push(error));
    stream.on(RealtimeEvents.ERROR, () => {});
    await new Promise((resolve) => stream.on(RealtimeEvents.SESSION_STARTED, resolve));
    stream.send({ audioBase64: Buffer.alloc(800).toString('base64'), sampleRate: 16000 });
    await seen(() => errors.length, 'the refusal of another sample rate');
    return `@elevenlabs/elevenlabs-js heard "${byHand}" (committed by hand, with timestamps) and "${byVad}" (by a pause), another rate was refused`;
});
