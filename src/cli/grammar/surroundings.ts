import { addCommon, addHelpCommand } from './common.js';
import type { AddCommands } from './common.js';

/** `runner doctor` and `runner engine …` */
export const addSurroundings: AddCommands = (program, context, done) => {
  const doctor = program.command('doctor').description('show what was found where, and what is missing');
  addCommon(doctor).action(async () => {
    const command = await import('../commands/doctor.js');
    done(await command.doctor(context));
  });

  const engine = program.command('engine').description('look after the TensorFlow engine');
  addHelpCommand(engine);
  const provision = engine
    .command('provision')
    .description('find the engine, or build it')
    .option('--force', 'build it anew');
  addCommon(provision).action(async (flags: { force?: boolean }) => {
    const { provisionEngine } = await import('../commands/engine.js');
    done(await provisionEngine(context, flags));
  });
};
