// Numbers through the official SDK: the stock searched and filtered, a number bought, wired in each of its modes, called and released; caller ids and applications.
import assert from 'node:assert/strict';
import { account, application, carrier, checks, paged, prove, refused, until } from './_twilio.mjs';

await prove('twilio_numbers', async () => {
    const app = await application(() => '<Response><Hangup/></Response>');
    const sim = await carrier();
    const client = sim.client();
    const { step, line } = checks();

    await step('countries', async () => {
        const countries = await client.availablePhoneNumbers.list();
        assert.ok(countries.some((one) => one.countryCode === 'DE' && one.subresourceUris.mobile.endsWith('/DE/Mobile.json')));
        assert.equal((await client.availablePhoneNumbers('US').fetch()).country, 'United States');
        await refused(client.availablePhoneNumbers('XX').fetch(), 404, 20404);
    });
    const found = await step('search', async () => {
        const local = client.availablePhoneNumbers('US').local;
        const byArea = await local.list({ areaCode: 512, limit: 5 });
        assert.equal(byArea.length, 5);
        assert.ok(byArea.every((one) => one.phoneNumber.startsWith('+1512') && one.capabilities.voice && one.isoCountry === 'US'));
        assert.equal(typeof byArea[0].latitude, 'string');
        const byPattern = await local.list({ contains: '415***011*', limit: 20 });
        assert.ok(byPattern.length === 10 && byPattern.every((one) => /^\+1415\d{3}011\d$/.test(one.phoneNumber)), 'Contains');
        assert.ok((await local.list({ mmsEnabled: true, limit: 200 })).every((one) => !one.phoneNumber.startsWith('+1206')));
        assert.equal((await client.availablePhoneNumbers('GB').local.list({ smsEnabled: true })).length, 0);
        assert.ok((await client.availablePhoneNumbers('GB').mobile.list({ smsEnabled: true, limit: 3 })).every((one) => one.capabilities.SMS));
        assert.equal((await client.availablePhoneNumbers('US').tollFree.list({ contains: '888%', limit: 3 })).length, 3);
        await refused(client.availablePhoneNumbers('DE').local.list({ areaCode: 30 }), 400, 21457);
        await refused(local.list({ contains: '1' }), 400, 21421);
        await refused(client.availablePhoneNumbers('US').mobile.list(), 404, 20404);
        return byArea[0].phoneNumber;
    });
    const number = await step('buy', async () => {
        const bought = await client.incomingPhoneNumbers.create({ phoneNumber: found, voiceUrl: `${app.url}/voice`, friendlyName: 'Front desk' });
        assert.match(bought.sid, /^PN[0-9a-f]{32}$/);
        assert.deepEqual([bought.phoneNumber, bought.friendlyName, bought.voiceUrl, bought.voiceMethod], [found, 'Front desk', `${app.url}/voice`, 'POST']);
        assert.deepEqual([bought.trunkSid, bought.voiceApplicationSid, bought.accountSid, bought.beta], [null, '', account, false]);
        assert.ok(bought.dateCreated instanceof Date && !Number.isNaN(bought.dateCreated.getTime()));
        await refused(client.incomingPhoneNumbers.create({ phoneNumber: found }), 400, 21422);
        await refused(client.incomingPhoneNumbers.create({ phoneNumber: '+15005550000' }), 400, 21422);
        await refused(client.incomingPhoneNumbers.create({ areaCode: '999' }), 400, 21452);
        await refused(client.incomingPhoneNumbers.create({ phoneNumber: '+493023125000' }), 400, 21631);
        await refused(client.incomingPhoneNumbers.create({}), 400, 21421);
        assert.ok((await client.availablePhoneNumbers('US').local.list({ areaCode: 512, limit: 50 })).every((one) => one.phoneNumber !== found), 'it has left the stock');
        return bought;
    });
    await step('fetch', async () => assert.equal((await client.incomingPhoneNumbers(number.sid).fetch()).phoneNumber, found));
    await step('called', async () => {
        const placed = await sim.post('/sim/calls', { to: found, from: '+14155550199' });
        await until(() => app.at('/voice').length === 1, 'the webhook');
        assert.equal(app.at('/voice')[0].form.CallSid, placed.call_sid);
        assert.equal((await client.calls(placed.call_sid).fetch()).phoneNumberSid, number.sid);
    });
    await step('application mode', async () => {
        const wired = await client.applications.create({ friendlyName: 'Desk', voiceUrl: `${app.url}/by-app`, voiceMethod: 'GET' });
        await client.incomingPhoneNumbers(number.sid).update({ voiceApplicationSid: wired.sid });
        await sim.post('/sim/calls', { to: found, from: '+14155550199' });
        await until(() => app.at('/by-app').length === 1, "the application's webhook");
        assert.equal(app.at('/by-app')[0].method, 'GET');
        await refused(client.incomingPhoneNumbers(number.sid).update({ voiceApplicationSid: `AP${'0'.repeat(32)}` }), 400, 21420);
    });
    await step('trunk mode', async () => {
        const updated = await client.incomingPhoneNumbers(number.sid).update({ trunkSid: `TK${'1'.repeat(32)}` });
        assert.equal(updated.voiceApplicationSid, '', 'a trunk clears the application');
        const before = app.seen.length;
        const placed = await sim.post('/sim/calls', { to: found, from: '+14155550199' });
        await sim.report(placed.call_sid);
        assert.equal(app.seen.length, before, 'a trunk asks no webhook');
    });
    await step('unwired', async () => {
        const updated = await client.incomingPhoneNumbers(number.sid).update({ trunkSid: '', voiceUrl: '' });
        assert.equal(updated.voiceUrl, '');
        const before = app.seen.length;
        const report = await sim.report((await sim.post('/sim/calls', { to: found, from: '+14155550199' })).call_sid);
        assert.equal(app.seen.length, before, 'nobody is asked');
        assert.notEqual(report.status, 'completed');
        await refused(client.incomingPhoneNumbers(number.sid).update({ voiceUrl: 'ftp://x' }), 400, 21402);
        await refused(client.incomingPhoneNumbers(number.sid).update({ voiceFallbackUrl: `${app.url}/f` }), 400, 21405);
    });
    const pages = await step('list', async () => {
        for (let i = 0; i < 6; ++i) await client.incomingPhoneNumbers.create({ areaCode: '212', voiceUrl: `${app.url}/voice` });
        const count = await paged(client.incomingPhoneNumbers, {}, 7, 3);
        assert.equal((await client.incomingPhoneNumbers.list({ phoneNumber: '+1212' })).length, 6);
        assert.equal((await client.incomingPhoneNumbers.list({ friendlyName: 'Front desk' })).length, 1);
        assert.equal((await client.incomingPhoneNumbers.local.list({ limit: 20 })).length, 7);
        assert.equal((await client.incomingPhoneNumbers.tollFree.list()).length, 0);
        return count;
    });
    await step('applications', async () => {
        for (let i = 0; i < 4; ++i) await client.applications.create({ friendlyName: `App ${i}` });
        await paged(client.applications, {}, 5, 2);
        const [one] = await client.applications.list({ friendlyName: 'App 2' });
        assert.equal((await client.applications(one.sid).update({ smsUrl: `${app.url}/sms` })).smsUrl, `${app.url}/sms`);
        assert.equal((await client.applications(one.sid).fetch()).smsMethod, 'POST');
        assert.equal(await client.applications(one.sid).remove(), true);
        await refused(client.applications(one.sid).fetch(), 404, 20404);
    });
    await step('caller ids', async () => {
        const asked = await client.validationRequests.create({ phoneNumber: '+14155550177', friendlyName: 'Home' });
        assert.match(asked.validationCode, /^\d{6}$/);
        const [verified] = await client.outgoingCallerIds.list({ phoneNumber: '+14155550177' });
        assert.equal((await client.outgoingCallerIds(verified.sid).update({ friendlyName: 'Office' })).friendlyName, 'Office');
        assert.equal(await client.outgoingCallerIds(verified.sid).remove(), true);
        assert.equal((await client.outgoingCallerIds.list()).length, 0);
    });
    await step('release', async () => {
        assert.equal(await client.incomingPhoneNumbers(number.sid).remove(), true);
        await refused(client.incomingPhoneNumbers(number.sid).fetch(), 404, 20404);
        assert.ok((await client.availablePhoneNumbers('US').local.list({ areaCode: 512, limit: 50 })).some((one) => one.phoneNumber === found), 'back in the stock');
    });
    return `${line(12)} (${pages} pages of numbers)`;
});
