// Recordings through the official SDK: begun with the call and over REST, paused, resumed, stopped, listed, fetched as sound, deleted.
import assert from 'node:assert/strict';
import { account, application, carrier, checks, paged, prove, refused, token, twilio, until } from './_twilio.mjs';

const desk = '+18005551212', ann = '+14155550101';

await prove('twilio_recordings', async () => {
    const app = await application((request) => {
        if (request.path !== '/talk') return undefined;
        const response = new twilio.twiml.VoiceResponse();
        for (let i = 0; i < 40; ++i) response.say('This call is being recorded for the proof.');
        return response;
    });
    const sim = await carrier({ speed: 8, config: { numbers: { [desk]: { voice_url: `${app.url}/talk` } } } });
    const client = sim.client();
    const { step, line } = checks();
    const live = async (params = {}) => {
        const made = await client.calls.create({ to: ann, from: desk, url: `${app.url}/talk`, ...params });
        await until(async () => (await client.calls(made.sid).fetch()).status === 'in-progress', 'the answer');
        return made.sid;
    };
    const completed = (sid) => until(async () => { const one = await client.recordings(sid).fetch(); return one.status === 'completed' ? one : undefined; }, `${sid} completed`);
    const media = (sid, rest = '.wav', user = account, password = token) => fetch(`${sim.url}/2010-04-01/Accounts/${account}/Recordings/${sid}${rest}`,
        { headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

    const call = await live();
    const recording = await step('create', async () => {
        const made = await client.calls(call).recordings.create({ recordingChannels: 'dual', recordingStatusCallback: `${app.url}/recorded`, recordingStatusCallbackEvent: ['in-progress', 'completed'] });
        assert.match(made.sid, /^RE[0-9a-f]{32}$/);
        assert.deepEqual([made.status, made.channels, made.source, made.callSid, made.duration, made.conferenceSid, made.track], ['in-progress', 2, 'StartCallRecordingAPI', call, null, null, 'both']);
        await refused(client.calls(call).recordings.create(), 400, 16108);
        return made;
    });
    await step('media before the end', async () => assert.equal((await media(recording.sid)).status, 404));
    await step('pause and resume', async () => {
        await pause(150);
        assert.equal((await client.calls(call).recordings('Twilio.CURRENT').update({ status: 'paused', pauseBehavior: 'skip' })).status, 'paused');
        assert.equal((await client.calls(call).recordings(recording.sid).update({ status: 'in-progress' })).status, 'in-progress');
        await refused(client.calls(call).recordings(recording.sid).update({ status: 'sideways' }), 400, 20001);
        await pause(200);
    });
    await step('stop', async () => {
        await client.calls(call).recordings(recording.sid).update({ status: 'stopped' });
        const done = await completed(recording.sid);
        assert.ok(/^[1-9]\d*$/.test(done.duration) && done.startTime instanceof Date && done.mediaUrl.endsWith(`/Recordings/${done.sid}`));
        await refused(client.calls(call).recordings(recording.sid).update({ status: 'stopped' }), 400, 21220);
        await until(() => app.at('/recorded').length === 2, 'both callbacks');
        const last = app.at('/recorded').find((one) => one.form.RecordingStatus === 'completed').form;
        assert.deepEqual([last.RecordingSid, last.RecordingChannels, last.RecordingSource, last.CallSid], [recording.sid, '2', 'StartCallRecordingAPI', call]);
    });
    await step('media', async () => {
        const answer = await media(recording.sid);
        const bytes = Buffer.from(await answer.arrayBuffer());
        assert.equal(answer.headers.get('content-type'), 'audio/x-wav');
        assert.deepEqual([bytes.toString('latin1', 0, 4), bytes.readUInt16LE(22), bytes.readUInt32LE(24)], ['RIFF', 2, 8000]);
        let loudest = 0;
        for (let at = 46; at + 1 < bytes.length; at += 4) loudest = Math.max(loudest, Math.abs(bytes.readInt16LE(at)));
        assert.ok(loudest > 1000, 'the right channel holds what was heard');
        const mono = Buffer.from(await (await media(recording.sid, '.wav?RequestedChannels=1')).arrayBuffer());
        assert.equal(mono.readUInt16LE(22), 1);
        assert.ok(Math.abs(mono.length * 2 - bytes.length) < 100);
        assert.equal((await media(recording.sid, '')).status, 200);
        assert.equal((await media(recording.sid, '.mp3')).status, 406);
        assert.equal((await media(recording.sid, '.wav', account, 'wrong')).status, 401);
    });
    await step('with the call', async () => {
        const sid = await live({ record: true, recordingStatusCallback: `${app.url}/with-call` });
        await pause(250);
        await client.calls(sid).update({ status: 'completed' });
        const told = await until(() => app.at('/with-call')[0], 'the callback');
        const done = await completed(told.form.RecordingSid);
        assert.deepEqual([done.source, done.channels, done.callSid], ['OutboundAPI', 1, sid]);
        assert.equal((await media(done.sid, '.wav?RequestedChannels=2')).status, 400, 'mono has no second channel (16113)');
        assert.equal((await client.calls(sid).recordings(done.sid).fetch()).sid, done.sid);
        assert.deepEqual((await client.calls(sid).recordings.list()).map((one) => one.sid), [done.sid]);
        await refused(client.calls(sid).recordings.create(), 400, 21220);
    });
    const pages = await step('list', async () => {
        for (let i = 0; i < 3; ++i) {
            await client.calls(call).recordings.create();
            await pause(100);
            await client.calls(call).recordings('Twilio.CURRENT').update({ status: 'stopped' });
        }
        const count = await paged(client.recordings, { callSid: call }, 4, 2);
        assert.equal((await client.recordings.list()).length, 5);
        assert.equal((await client.recordings.list({ dateCreatedBefore: new Date(Date.now() - 3_600_000) })).length, 0);
        assert.equal((await client.transcriptions.list()).length, 0);
        return count;
    });
    await step('remove', async () => {
        assert.equal(await client.recordings(recording.sid).remove(), true);
        await refused(client.recordings(recording.sid).fetch(), 404, 20404);
        assert.equal((await media(recording.sid)).status, 404);
        assert.equal((await client.recordings(recording.sid).fetch({ includeSoftDeleted: true })).status, 'deleted');
        assert.equal((await client.recordings.list({ includeSoftDeleted: true })).length, 5);
        const last = (await client.calls(call).recordings.list())[0];
        await completed(last.sid);
        assert.equal(await client.calls(call).recordings(last.sid).remove(), true);
    });
    return `${line(8)} (${pages} pages)`;
});
