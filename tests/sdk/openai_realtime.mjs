// OpenAI Realtime through the openai library: a spoken question in, a spoken answer with its words out; a tool; a truncation that is right and one
// that is not. The library insists on wss; its connection is made a plain one below that.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { duration, emulator, peak, prove, speech } from './_emulator.mjs';

const question = 'what are your opening hours';
const answer = 'We are open from nine until five.';
const world = {
    phrases: [question, 'book an appointment'],
    rules: [
        { greeting: true, say: 'Hello, how can I help you?' },
        { words: ['opening'], say: answer },
        { words: ['appointment'], tool: 'get_slot', arguments: '{"day":"tue"}' },
        { tool_result: 'get_slot', say: 'Tuesday at ten is free.' },
    ],
    times: { recognition: '50ms', first_token: '50ms', first_audio: '50ms', pace: 0 },
};

await prove('openai_realtime', async () => {
    const vendor = await emulator('openai', { world });
    const client = new OpenAI({ apiKey: vendor.key, baseURL: `${vendor.url}/v1` });
    const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', options: { createConnection: ({ host, port }) => connect(port, host) } }, client);
    realtime.on('error', () => {});
    const seen = [];
    const waiting = [];
    realtime.on('event', (event) => {
        seen.push(event);
        for (const one of [...waiting]) {
            if (!one.fits(event)) continue;
            waiting.splice(waiting.indexOf(one), 1);
            one.resolve(event);
        }
    });
    const next = (type, fits = () => true) => new Promise((resolve) => waiting.push({ resolve, fits: (e) => e.type === type && fits(e) }));
    const of = (type, id) => seen.filter((e) => e.type === type && e.response_id === id);

    await next('session.created');
    const updated = next('session.updated');
    realtime.send({
        type: 'session.update',
        session: {
            type: 'realtime', output_modalities: ['audio'], instructions: 'Dental desk.',
            audio: {
                input: { format: { type: 'audio/pcm', rate: 24000 }, transcription: { model: 'gpt-realtime-whisper' }, turn_detection: { type: 'server_vad', silence_duration_ms: 300 } },
                output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'marin' },
            },
            tools: [{ type: 'function', name: 'get_slot', description: 'Finds a slot', parameters: { type: 'object', properties: {} } }],
        },
    });
    assert.equal((await updated).session.audio.output.format.rate, 24000);

    const say = async (text) => {
        const sound = Buffer.concat([await speech(vendor, text, { encoding: 'linear16', rate: 24000 }), Buffer.alloc(24000)]);
        for (let at = 0; at < sound.length; at += 4800)
            realtime.send({ type: 'input_audio_buffer.append', audio: sound.subarray(at, at + 4800).toString('base64') });
    };

    const heard = next('conversation.item.input_audio_transcription.completed');
    let done = next('response.done');
    await say(question);
    assert.equal((await heard).transcript, question);
    const first = (await done).response;
    assert.equal(first.status, 'completed');
    const words = of('response.output_audio_transcript.delta', first.id).map((e) => e.delta).join('');
    assert.equal(words, answer);
    assert.equal(first.output[0].content[0].transcript, answer);
    assert.ok(first.usage.total_tokens > 0);
    const sound = Buffer.concat(of('response.output_audio.delta', first.id).map((e) => Buffer.from(e.delta, 'base64')));
    const length = duration(sound.length, 24000, 2);
    assert.ok(length > 800 && length < 10000, `${length} ms of sound`);
    assert.ok(peak(sound) > 0.05, 'the answer is audible');

    const item = of('response.output_audio.delta', first.id)[0].item_id;
    const cut = next('conversation.item.truncated');
    realtime.send({ type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: 500 });
    assert.equal((await cut).audio_end_ms, 500);
    const refused = next('error');
    realtime.send({ type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: 60000, event_id: 'too_far' });
    const error = (await refused).error;
    assert.match(error.message, /already shorter than 60000ms/);
    assert.equal(error.event_id, 'too_far');

    done = next('response.done');
    await say('book an appointment');
    const second = (await done).response;
    const call = second.output.find((one) => one.type === 'function_call');
    assert.equal(call.name, 'get_slot');
    assert.deepEqual(JSON.parse(call.arguments), { day: 'tue' });
    realtime.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: call.call_id, output: '{"free":"10:00"}' } });
    done = next('response.done');
    realtime.send({ type: 'response.create' });
    const third = (await done).response;
    assert.equal(third.output[0].content[0].transcript, 'Tuesday at ten is free.');
    const closed = new Promise((resolve) => realtime.socket.once('close', resolve));
    realtime.close();
    assert.equal(await closed, 1000);
    return `"${question}" spoken, heard as such, answered "${words}" in ${Math.round(length)} ms of sound; cut at 500 ms, not at 60000; get_slot called and its result spoken`;
});
