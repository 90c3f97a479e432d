/**
 * fsck messages that old, honest histories are full of and that harm nobody: they would make real upstreams
 * unclonable (git-config(1), `fsck.<msg-id>`; the same sort of list that forges keep). Whatever can attack a client
 * (`hasDotgit`, `gitmodulesPath`, `symlinkTargetLength`, …) stays an error.
 */
const harmless = [
  'badEmail',
  'badFilemode',
  'badTagName',
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingTaggerEntry',
  'multipleAuthors',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
] as const;

/** What every git of the gate runs with; nothing else is configured, and nothing in a repository overrides it. */
export const gitConfig: Readonly<Record<string, string>> = {
  // no program of a repository ever runs; receive-pack gets the gate's own folder by `-c`
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.logAllRefUpdates': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  // a mirror is a copy: what a crash leaves is thrown away, not recovered
  'core.fsync': 'none',
  // larger blobs are streamed instead of held in memory
  'core.bigFileThreshold': '32m',
  // packs are mapped in parts, so that the limit on memory holds for any size of a repository
  'core.packedGitWindowSize': '32m',
  'core.packedGitLimit': '512m',
  'pack.threads': '2',
  'pack.windowMemory': '128m',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'fetch.writeCommitGraph': 'false',
  // one pack per transfer: its size can be watched, and nothing is unpacked into thousands of files
  'fetch.unpackLimit': '1',
  'receive.unpackLimit': '1',
  'transfer.unpackLimit': '1',
  'transfer.fsckObjects': 'true',
  'fetch.fsckObjects': 'true',
  'receive.fsckObjects': 'true',
  'transfer.advertiseSID': 'false',
  'transfer.bundleURI': 'false',
  'protocol.version': '2',
  'protocol.allow': 'never',
  'protocol.ssh.allow': 'always',
  'submodule.recurse': 'false',
  'init.defaultBranch': 'main',
  'advice.pushUpdateRejected': 'false',
  // which refs may be pushed, moved and deleted is decided by the push policy alone
  'receive.denyCurrentBranch': 'ignore',
  'receive.denyDeletes': 'false',
  'receive.denyDeleteCurrent': 'ignore',
  'receive.denyNonFastForwards': 'false',
  'receive.advertiseAtomic': 'true',
  // advertised so that they are refused in the gate's own words
  'receive.advertisePushOptions': 'true',
  'receive.autogc': 'false',
  'receive.updateServerInfo': 'false',
  'receive.keepAlive': '5',
  'uploadpack.keepAlive': '5',
  'uploadpack.allowFilter': 'true',
  // the others cost what the client likes: `sparse:oid` takes its patterns from any blob (git-config(1))
  'uploadpackfilter.allow': 'false',
  'uploadpackfilter.blob:none.allow': 'true',
  'uploadpackfilter.blob:limit.allow': 'true',
  'uploadpackfilter.tree.allow': 'true',
  'uploadpackfilter.tree.maxDepth': '0',
  ...Object.fromEntries(
    harmless.flatMap((message) => [
      [`fetch.fsck.${message}`, 'ignore'],
      [`receive.fsck.${message}`, 'ignore'],
    ]),
  ),
};
