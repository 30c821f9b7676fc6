/**
 * follow-log.ts CONTAINER FILE: follows a container's log into a TrainerLog, as the one who runs it does. DOCKER_HOST
 * names the daemon. Says how it ended.
 */
import { connect } from '../../../runtimes/docker/connection/connection.js';
import { followLogs } from '../../../runtimes/docker/logs/follow.js';
import { TrainerLog } from '../../../src/isolation/trainer-log.js';

const [, , id = '', path = ''] = process.argv;
const { docker } = await connect(process.env);
const container = docker.getContainer(id);
using log = TrainerLog.open(path);
process.stdout.write(`follows from byte ${log.bytes}\n`);
const { reason } = await followLogs(container, {
  from: log.position,
  onLines: (lines) => {
    log.append(lines);
  },
  isRunning: async () => (await container.inspect()).State.Running,
});
process.stdout.write(`${reason}\n`);
