// Messages through the official SDK: sent, followed by their callbacks, undelivered, refused, listed, redacted; media; opt-out; what comes in and what is answered.
import assert from 'node:assert/strict';
import { application, carrier, checks, paged, prove, refused, twilio, until } from './_twilio.mjs';

const desk = '+18005551212', ann = '+14155550101', bob = '+14155550102';

await prove('twilio_messages', async () => {
    const app = await application((request) => {
        if (request.path === '/status') return undefined;
        const response = new twilio.twiml.MessagingResponse();
        if (request.path === '/next') {
            response.message('From the second document.');
        } else if (/picture/.test(request.form.Body)) {
            const message = response.message({ action: '/status' });
            message.body('Here it is.');
            message.media('/picture.png');
        } else if (/elsewhere/.test(request.form.Body)) {
            response.redirect({ method: 'POST' }, '/next');
        } else {
            response.message(`You wrote: ${request.form.Body}`);
        }
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { sms_url: `${app.url}/sms` } },
        phones: { '*': { step_ms: 5 }, [bob]: { outcome: 'undelivered', error_code: 30005, step_ms: 5 }, '+14155550103': { outcome: 'refused', error_code: 21614 },
            '+14155550104': { outcome: 'failed', step_ms: 5 } } } });
    const client = sim.client();
    const { step, line } = checks();
    const ended = (sid) => until(async () => { const one = await client.messages(sid).fetch(); return ['delivered', 'undelivered', 'failed'].includes(one.status) ? one : undefined; }, `the end of ${sid}`);
    const callbacks = (sid) => app.at('/status').filter((one) => one.form.MessageSid === sid).map((one) => one.form.MessageStatus);

    const sent = await step('create', async () => {
        const message = await client.messages.create({ to: ann, from: desk, body: 'Your table is booked.', statusCallback: `${app.url}/status` });
        assert.match(message.sid, /^SM[0-9a-f]{32}$/);
        assert.deepEqual([message.status, message.direction, message.numSegments, message.numMedia, message.errorCode, message.price, message.dateSent],
            ['queued', 'outbound-api', '1', '0', null, null, null]);
        return message;
    });
    await step('callbacks', async () => {
        const done = await ended(sent.sid);
        assert.equal(done.status, 'delivered');
        assert.ok(done.dateSent instanceof Date && done.price.startsWith('-'));
        await until(() => callbacks(sent.sid).length === 4, 'four callbacks');
        assert.deepEqual(callbacks(sent.sid).sort(), ['delivered', 'queued', 'sending', 'sent']);
        const [inbox] = await sim.inbox(ann);
        assert.deepEqual([inbox.from, inbox.body], [desk, 'Your table is booked.']);
    });
    await step('undelivered', async () => {
        const message = await client.messages.create({ to: bob, from: desk, body: 'Hello', statusCallback: `${app.url}/status` });
        const done = await ended(message.sid);
        assert.deepEqual([done.status, done.errorCode], ['undelivered', 30005]);
        await until(() => callbacks(message.sid).includes('undelivered'), 'the callback');
        assert.equal(app.at('/status').find((one) => one.form.MessageSid === message.sid && one.form.MessageStatus === 'undelivered').form.ErrorCode, '30005');
        assert.equal((await ended((await client.messages.create({ to: '+14155550104', from: desk, body: 'x' })).sid)).errorCode, 30008);
    });
    await step('errors', async () => {
        const create = (params) => client.messages.create({ to: ann, from: desk, body: 'x', ...params });
        await refused(create({ body: 'x'.repeat(1601) }), 400, 21617);
        await refused(create({ body: '' }), 400, 21602);
        await refused(create({ from: '+15550001111' }), 400, 21606);
        await refused(create({ to: '12' }), 400, 21211);
        await refused(create({ to: '+14155550103' }), 400, 21614);
        await refused(create({ mediaUrl: Array(11).fill('http://x.example/a.png') }), 400, 21623);
        await refused(create({ mediaUrl: ['nothing'] }), 400, 21620);
        await refused(create({ statusCallback: 'nothing' }), 400, 21609);
        await refused(create({ validityPeriod: 99999 }), 400, 21624);
        await refused(client.messages('SM00000000000000000000000000000000').fetch(), 404, 20404);
    });
    await step('segments', async () => {
        const segments = async (body) => Number((await client.messages.create({ to: ann, from: desk, body })).numSegments);
        assert.deepEqual([await segments('a'.repeat(160)), await segments('a'.repeat(161)), await segments('€'.repeat(80)), await segments('é'.repeat(160)), await segments('ж'.repeat(70)), await segments('ж'.repeat(71)), await segments('😀'.repeat(35)), await segments('😀'.repeat(36))],
            [1, 2, 1, 1, 1, 2, 1, 2]);
    });
    const mms = await step('media', async () => {
        const message = await client.messages.create({ to: ann, from: desk, body: 'Look', mediaUrl: ['https://pictures.example/a.png', 'https://pictures.example/b.jpg'] });
        assert.match(message.sid, /^MM/);
        assert.equal(message.numMedia, '2');
        const media = await client.messages(message.sid).media.list();
        assert.deepEqual(media.map((one) => one.contentType), ['image/png', 'image/jpeg']);
        assert.equal((await client.messages(message.sid).media(media[0].sid).fetch()).parentSid, message.sid);
        await ended(message.sid);
        assert.equal(await client.messages(message.sid).media(media[0].sid).remove(), true);
        assert.equal((await client.messages(message.sid).media.list()).length, 1);
        return message;
    });
    await step('feedback', async () => assert.equal((await client.messages(sent.sid).feedback.create({ outcome: 'confirmed' })).messageSid, sent.sid));
    await step('service and schedule', async () => {
        const service = `MG${'1'.repeat(32)}`;
        const accepted = await client.messages.create({ to: ann, messagingServiceSid: service, body: 'x' });
        assert.deepEqual([accepted.status, accepted.from, accepted.messagingServiceSid], ['accepted', null, service]);
        assert.equal((await ended(accepted.sid)).from, desk);
        const later = await client.messages.create({ to: ann, messagingServiceSid: service, body: 'x', scheduleType: 'fixed', sendAt: new Date(Date.now() + 3_600_000) });
        assert.equal(later.status, 'scheduled');
        assert.equal((await client.messages(later.sid).update({ status: 'canceled' })).status, 'canceled');
    });
    await step('inbound', async () => {
        const { message_sid: sid } = await sim.post('/sim/messages', { to: desk, from: ann, body: 'Hello there', media: [{ base64: Buffer.from('PNG').toString('base64'), type: 'image/png' }] });
        const request = await until(() => app.at('/sms').find((one) => one.form.MessageSid === sid), 'the webhook');
        assert.deepEqual([request.form.Body, request.form.From, request.form.To, request.form.NumMedia, request.form.SmsStatus, request.form.MediaContentType0], ['Hello there', ann, desk, '1', 'received', 'image/png']);
        const answer = await fetch(request.form.MediaUrl0.replace(/^http:\/\/[^/]+/, sim.url), { headers: { Authorization: `Basic ${Buffer.from(`${client.username}:${client.password}`).toString('base64')}` } });
        assert.equal(await answer.text(), 'PNG');
        await until(async () => (await sim.inbox(ann)).some((one) => one.body === 'You wrote: Hello there'), 'the reply');
        assert.equal((await client.messages(sid).fetch()).direction, 'inbound');
    });
    await step('replies with media and redirect', async () => {
        await sim.post('/sim/messages', { to: desk, from: ann, body: 'a picture please' });
        const reply = await until(async () => (await sim.inbox(ann)).find((one) => one.body === 'Here it is.'), 'the picture');
        assert.deepEqual(reply.media, [`${app.url}/picture.png`]);
        await sim.post('/sim/messages', { to: desk, from: ann, body: 'elsewhere' });
        await until(async () => (await sim.inbox(ann)).some((one) => one.body === 'From the second document.'), 'the redirect');
        assert.ok((await client.messages.list({ from: desk, to: ann })).some((one) => one.direction === 'outbound-reply'));
    });
    await step('opt-out', async () => {
        await sim.post('/sim/messages', { to: desk, from: ann, body: ' stop ' });
        await until(async () => (await sim.inbox(ann)).some((one) => /unsubscribed/.test(one.body)), 'the confirmation');
        await refused(client.messages.create({ to: ann, from: desk, body: 'Are you there?' }), 400, 21610);
        await sim.post('/sim/messages', { to: desk, from: ann, body: 'START' });
        await until(async () => (await sim.inbox(ann)).some((one) => /re-subscribed/.test(one.body)), 'the welcome');
        await ended((await client.messages.create({ to: ann, from: desk, body: 'Welcome back' })).sid);
    });
    const pages = await step('list', async () => {
        const to = '+14155550120';
        for (let i = 0; i < 7; ++i) await client.messages.create({ to, from: desk, body: `${i}` });
        const count = await paged(client.messages, { to }, 7, 2);
        assert.equal((await client.messages.list({ to, dateSentAfter: new Date(Date.now() - 60_000) })).length, 7);
        assert.equal((await client.messages.list({ to, dateSentBefore: new Date(Date.now() - 60_000) })).length, 0);
        return count;
    });
    await step('redact and remove', async () => {
        assert.equal((await client.messages(mms.sid).update({ body: '' })).body, '');
        assert.equal(await client.messages(mms.sid).remove(), true);
        await refused(client.messages(mms.sid).fetch(), 404, 20404);
    });
    return `${line(13)} (${pages} pages)`;
});
