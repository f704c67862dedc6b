// Deepgram's Voice Agent through @deepgram/sdk: greeting, a spoken question, a spoken answer, a function.
import assert from 'node:assert/strict';
import { DeepgramClient } from '@deepgram/sdk';
import { duration, emulator, peak, prove, speech } from './_emulator.mjs';

const question = 'what are your opening hours';
const answer = 'We are open from nine until five. We are closed on Sunday.';
const world = {
    phrases: [question, 'book an appointment'],
    rules: [
        { words: ['opening'], say: answer },
        { words: ['appointment'], tool: 'get_slot', arguments: '{"day":"tue"}' },
        { tool_result: 'get_slot', say: 'Tuesday at ten is free.' },
    ],
    times: { recognition: '50ms', first_token: '50ms', first_audio: '50ms', pace: 0 },
};

await prove('deepgram_agent', async () => {
    const vendor = await emulator('deepgram', { world });
    const environment = { base: vendor.url, production: vendor.ws, agent: vendor.ws, agentRest: vendor.url, preview: vendor.ws };
    const client = new DeepgramClient({ apiKey: vendor.key, environment });
    const socket = await client.agent.v1.connect({ Authorization: `Token ${vendor.key}` });
    const seen = [], sounds = [], waiting = [];
    socket.on('message', (message) => {
        if (typeof message === 'object' && message.type) {
            seen.push(message);
            for (const one of [...waiting]) {
                if (!one.fits(message)) continue;
                waiting.splice(waiting.indexOf(one), 1);
                one.resolve(message);
            }
        } else {
            sounds.push(message);
        }
    });
    const next = (type, fits = () => true) => new Promise((resolve) => waiting.push({ resolve, fits: (m) => m.type === type && fits(m) }));
    // The library hands binary messages on later than texts that came behind them.
    const settled = async () => {
        for (let count = -1; count !== sounds.length;) {
            count = sounds.length;
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    };
    const bytes = async () => Buffer.concat(await Promise.all(sounds.splice(0).map(async (one) => Buffer.from(one.arrayBuffer ? await one.arrayBuffer() : one))));
    const welcome = next('Welcome');
    socket.connect();
    await socket.waitForOpen();
    assert.ok((await welcome).request_id);
    const applied = next('SettingsApplied');
    let done = next('AgentAudioDone');
    socket.sendSettings({
        type: 'Settings',
        audio: { input: { encoding: 'linear16', sample_rate: 16000 }, output: { encoding: 'linear16', sample_rate: 24000, container: 'none' } },
        agent: {
            listen: { provider: { type: 'deepgram', version: 'v2', model: 'flux-general-en' } },
            think: { provider: { type: 'open_ai', model: 'gpt-4o-mini' }, prompt: 'Dental desk.', functions: [{ name: 'get_slot', description: 'Finds a slot', parameters: { type: 'object', properties: {} } }] },
            speak: { provider: { type: 'deepgram', version: 'v1', model: 'aura-2-thalia-en' } },
            greeting: 'Hello, how can I help you?',
        },
    });
    await applied;
    await done;
    await settled();
    const greeting = await bytes();
    assert.ok(duration(greeting.length, 24000, 2) > 500 && peak(greeting) > 0.05, 'the greeting is audible');
    assert.equal(seen.find((m) => m.type === 'ConversationText').content, 'Hello, how can I help you?');

    const say = async (text) => {
        const sound = Buffer.concat([await speech(vendor, text, { encoding: 'linear16', rate: 16000 }), Buffer.alloc(16000)]);
        for (let at = 0; at < sound.length; at += 3200) socket.sendMedia(sound.subarray(at, at + 3200));
    };
    seen.length = 0;
    const started = next('UserStartedSpeaking');
    done = next('AgentAudioDone');
    await say(question);
    await started;
    await done;
    await settled();
    const texts = seen.filter((m) => m.type === 'ConversationText');
    assert.deepEqual(texts.filter((m) => m.role === 'user').map((m) => m.content), [question]);
    assert.equal(texts.filter((m) => m.role === 'assistant').map((m) => m.content).join(' '), answer);
    const sound = await bytes();
    const length = duration(sound.length, 24000, 2);
    assert.ok(length > 1500 && length < 15000, `${length} ms of sound`);
    assert.ok(peak(sound) > 0.05, 'the answer is audible');

    const asked = next('FunctionCallRequest');
    await say('book an appointment');
    const call = (await asked).functions[0];
    assert.equal(call.name, 'get_slot');
    assert.deepEqual(JSON.parse(call.arguments), { day: 'tue' });
    const told = next('ConversationText', (m) => m.role === 'assistant');
    done = next('AgentAudioDone');
    socket.sendFunctionCallResponse({ type: 'FunctionCallResponse', id: call.id, name: call.name, content: '{"free":"10:00"}' });
    assert.equal((await told).content, 'Tuesday at ten is free.');
    await done;
    socket.close();
    return `greeted; "${question}" spoken, heard as such, answered "${answer}" in ${Math.round(length)} ms of sound; get_slot called and its result spoken`;
});
