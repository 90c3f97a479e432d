/**
 * First line of every script that is run in a bottle for the operator: the PATH of what runs there begins with a folder
 * that the agent writes to, and a resumed bottle comes with what it wrote.
 */
export const systemPath = 'PATH=/usr/bin:/bin:/usr/sbin:/sbin; export PATH';
