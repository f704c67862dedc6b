// What the language models' proofs share: the world, and what to expect of it.
export const hours = 'We are open from nine until five.';
export const slot = 'Tuesday at ten is free.';
export const argumentsWanted = { day: 'tuesday', hours: [9, 10] };
export const schema = { type: 'object', properties: { day: { type: 'string', description: 'Day of the week' }, hours: { type: 'array', items: { type: 'number' } } }, required: ['day'] };
export const world = {
    phrases: ['when are you open'],
    rules: [
        { words: ['open'], say: hours },
        { words: ['slot'], say: 'One moment.', tool: 'get_slot', arguments: JSON.stringify(argumentsWanted) },
        { tool_result: 'get_slot', say: slot },
    ],
    times: { first_token: '20ms', token: '5ms' },
};

export async function connections(vendor) {
    return (await (await fetch(`${vendor.url}/sim/health`)).json()).connections;
}

// Waits until the vendor has fewer connections than it had while a request ran that was cancelled since. Sooner than Node closes one because it is idle.
export async function connectionClosed(vendor, before) {
    for (let i = 0; i < 60; ++i) {
        if (await connections(vendor) < before) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('a cancelled request kept its connection');
}
