// Calls through the official SDK: made, followed by their callbacks, answered by people and machines, redirected, ended, listed, forgotten.
import assert from 'node:assert/strict';
import { account, application, carrier, checks, paged, prove, refused, twilio, until } from './_twilio.mjs';

const desk = '+18005551212', ann = '+14155550101', busy = '+14155550102', nobody = '+14155550103', machine = '+14155550104';

await prove('twilio_calls', async () => {
    const app = await application((request) => {
        const response = new twilio.twiml.VoiceResponse();
        if (request.path === '/wait') response.pause({ length: 600 });
        else if (request.path === '/hello') response.say('Hello.');
        else return undefined;
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { voice_url: `${app.url}/hello` } },
        people: { [busy]: { answer: 'busy', after: '50ms' }, [nobody]: { answer: 'no_answer' }, [machine]: { machine: { text: 'leave a message' } } } } });
    const client = sim.client();
    const { step, line } = checks();
    const status = (sid, wanted) => until(async () => { const one = await client.calls(sid).fetch(); return one.status === wanted ? one : undefined; }, `${sid} ${wanted}`);
    const wait = { to: ann, from: desk, url: `${app.url}/wait` };
    const progress = { statusCallback: `${app.url}/status`, statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'] };
    const told = (sid) => app.at('/status').filter((one) => one.form.CallSid === sid);

    const call = await step('create', async () => {
        const made = await client.calls.create({ ...wait, ...progress, timeLimit: 300, callReason: 'Your table' });
        assert.match(made.sid, /^CA[0-9a-f]{32}$/);
        assert.deepEqual([made.direction, made.to, made.from, made.price, made.duration, made.answeredBy, made.parentCallSid, made.priceUnit, made.queueTime],
            ['outbound-api', ann, desk, null, null, null, null, 'USD', '0']);
        assert.equal(made.subresourceUris.recordings, `/2010-04-01/Accounts/${account}/Calls/${made.sid}/Recordings.json`);
        return made;
    });
    await step('fetch', async () => {
        const live = await status(call.sid, 'in-progress');
        assert.ok(live.startTime instanceof Date && live.endTime === null);
        await until(() => app.at('/wait').length === 1, 'the document');
        assert.equal(app.at('/wait')[0].form.Direction, 'outbound-api');
    });
    await step('update url', async () => {
        await client.calls(call.sid).update({ url: `${app.url}/wait?again`, method: 'GET' });
        await until(() => app.at('/wait').length === 2, 'the second document');
        assert.equal(app.at('/wait')[1].method, 'GET');
    });
    await step('update twiml', async () => {
        await refused(client.calls(call.sid).update({ twiml: 'x'.repeat(4001) }), 400, 32018);
        await refused(client.calls(call.sid).update({ url: 'ftp://x' }), 400, 21205);
        await client.calls(call.sid).update({ twiml: '<Response><Pause length="600"/></Response>' });
        assert.equal((await client.calls(call.sid).fetch()).status, 'in-progress');
    });
    await step('end', async () => {
        await client.calls(call.sid).update({ status: 'completed' });
        const done = await status(call.sid, 'completed');
        assert.ok(done.endTime instanceof Date && /^\d+$/.test(done.duration));
        await refused(client.calls(call.sid).update({ status: 'completed' }), 400, 21220);
        await refused(client.calls(call.sid).update({ url: `${app.url}/wait` }), 400, 21220);
        await until(() => told(call.sid).length === 4, 'four callbacks');
        const order = told(call.sid).sort((a, b) => a.form.SequenceNumber - b.form.SequenceNumber).map((one) => one.form.CallStatus);
        assert.deepEqual(order, ['initiated', 'ringing', 'in-progress', 'completed']);
    });
    await step('cancel', async () => {
        const made = await client.calls.create({ ...wait, to: nobody });
        await status(made.sid, 'ringing');
        await client.calls(made.sid).update({ status: 'canceled' });
        await status(made.sid, 'canceled');
    });
    await step('busy and no answer', async () => {
        await status((await client.calls.create({ ...wait, to: busy })).sid, 'busy');
        await status((await client.calls.create({ ...wait, to: nobody, timeout: 1 })).sid, 'no-answer');
    });
    await step('machine detection', async () => {
        const made = await client.calls.create({ ...wait, to: machine, machineDetection: 'DetectMessageEnd', asyncAmd: 'true', asyncAmdStatusCallback: `${app.url}/amd` });
        const told = await until(() => app.at('/amd').find((one) => one.form.CallSid === made.sid), 'the verdict');
        assert.equal(told.form.AnsweredBy, 'machine_end_beep');
        assert.equal((await client.calls(made.sid).fetch()).answeredBy, 'machine_end_beep');
        await client.calls(made.sid).update({ status: 'completed' });
        const waited = await client.calls.create({ ...wait, url: `${app.url}/hello`, to: machine, machineDetection: 'Enable' });
        const first = await until(() => app.at('/hello').find((one) => one.form.CallSid === waited.sid), 'the document');
        assert.equal(first.form.AnsweredBy, 'machine_start');
        await refused(client.calls.create({ ...wait, machineDetection: 'Maybe' }), 400, 21234);
        await refused(client.calls.create({ ...wait, machineDetection: 'Enable', machineDetectionSilenceTimeout: 1 }), 400, 21263);
    });
    await step('errors', async () => {
        const create = (params) => client.calls.create({ ...wait, ...params });
        await refused(create({ to: '123' }), 400, 21211);
        await refused(create({ to: desk }), 400, 21211);
        await refused(create({ from: '+15550009999' }), 400, 21210);
        await refused(create({ from: 'x' }), 400, 21212);
        await refused(client.calls.create({ to: ann, from: desk }), 400, 21205);
        await refused(create({ url: 'nothing' }), 400, 21205);
        await refused(create({ sendDigits: '12x' }), 400, 21206);
        await refused(create({ timeout: 601 }), 400, 21208);
        await refused(create({ method: 'PUT' }), 400, 21209);
        await refused(create({ statusCallback: 'http://under_score.example/' }), 400, 21609);
        await refused(create({ statusCallbackEvent: ['sometimes'] }), 400, 21626);
        await refused(create({ applicationSid: `AP${'0'.repeat(32)}` }), 400, 21218);
        await refused(create({ url: undefined, twiml: 'x'.repeat(4001) }), 400, 32018);
    });
    await step('application', async () => {
        const wired = await client.applications.create({ voiceUrl: `${app.url}/hello`, voiceMethod: 'GET', statusCallback: `${app.url}/by-app` });
        const made = await client.calls.create({ to: ann, from: desk, applicationSid: wired.sid });
        await status(made.sid, 'completed');
        await until(() => app.at('/by-app').some((one) => one.form.CallSid === made.sid), "the application's callback");
    });
    await step('streams and siprec', async () => {
        const made = await client.calls.create(wait);
        await status(made.sid, 'in-progress');
        const stream = await client.calls(made.sid).streams.create({ url: 'ws://127.0.0.1:9/listen', name: 'copy', track: 'both_tracks', 'parameter1.name': 'a', 'parameter1.value': 'b' });
        assert.deepEqual([stream.sid.slice(0, 2), stream.name, stream.status], ['MZ', 'copy', 'in-progress']);
        const siprec = await client.calls(made.sid).siprec.create({ name: 'legal', connectorName: 'conn' });
        assert.deepEqual([siprec.sid.slice(0, 2), siprec.status], ['SR', 'in-progress']);
        assert.equal((await client.calls(made.sid).siprec(siprec.sid).update({ status: 'stopped' })).status, 'stopped');
        await client.calls(made.sid).update({ status: 'completed' });
    });
    await step('live transcription', async () => {
        const made = await client.calls.create({ ...wait, url: `${app.url}/wait` });
        await status(made.sid, 'in-progress');
        const started = await client.calls(made.sid).transcriptions.create({ name: 'live', statusCallbackUrl: `${app.url}/words`, track: 'both_tracks', inboundTrackLabel: 'caller', partialResults: true });
        assert.deepEqual([started.sid.slice(0, 2), started.name, started.status], ['GT', 'live', 'in-progress']);
        await client.calls(made.sid).update({ twiml: '<Response><Say>Your table is booked.</Say><Pause length="600"/></Response>' });
        await until(() => app.at('/words').some((one) => one.form.Final === 'true'), 'the words');
        assert.equal((await client.calls(made.sid).transcriptions('live').update({ status: 'stopped' })).status, 'stopped');
        await until(() => app.at('/words').some((one) => one.form.TranscriptionEvent === 'transcription-stopped'), 'the end');
        const events = app.at('/words').map((one) => one.form).sort((a, b) => a.SequenceId - b.SequenceId);
        assert.deepEqual(events.map((one) => one.TranscriptionEvent), ['transcription-started', 'transcription-content', 'transcription-content', 'transcription-stopped']);
        assert.deepEqual(JSON.parse(events[2].TranscriptionData), { transcript: 'Your table is booked.', confidence: 0.95 });
        assert.deepEqual([events[0].Track, events[0].InboundTrackLabel, events[2].Track, events[1].Final], ['both_tracks', 'caller', 'outbound_track', 'false']);
        await client.calls(made.sid).update({ status: 'completed' });
    });
    await step('notifications and events', async () => {
        const made = await client.calls.create({ ...wait, twiml: '<Response><Sing/><Say>Hello.</Say></Response>', url: undefined });
        await status(made.sid, 'completed');
        const [note] = await client.calls(made.sid).notifications.list();
        assert.deepEqual([note.errorCode, note.log, note.callSid], ['12200', '1', made.sid]);
        assert.equal((await client.api.v2010.accounts(account).notifications(note.sid).fetch()).sid, note.sid);
        const [event] = await until(async () => { const all = await client.calls(call.sid).events.list(); return all.length > 0 ? all : undefined; }, 'the events');
        assert.equal(event.request.url, `${app.url}/wait`);
        assert.equal(event.response.response_code, 200);
    });
    const pages = await step('list', async () => {
        const to = '+14155550150';
        for (let i = 0; i < 7; ++i) await client.calls.create({ to, from: desk, twiml: '<Response/>' });
        const count = await paged(client.calls, { to }, 7, 2);
        const all = await client.calls.list({ from: desk, startTimeAfter: new Date(Date.now() - 3_600_000) });
        assert.ok(all.length > 7);
        assert.equal((await client.calls.list({ startTimeBefore: new Date(Date.now() - 3_600_000) })).length, 0);
        assert.deepEqual((await client.calls.list({ status: 'busy' })).map((one) => one.to), [busy]);
        return count;
    });
    await step('remove', async () => {
        assert.equal(await client.calls(call.sid).remove(), true);
        await refused(client.calls(call.sid).fetch(), 404, 20404);
    });
    return `${line(15)} (${pages} pages)`;
});
