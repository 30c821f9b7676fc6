import { Option } from 'commander';
import type { DoctorFlags } from '../commands/doctor.js';
import { addCommon, addHelpCommand } from './common.js';
import type { AddCommands } from './common.js';

/** `runner doctor` and `runner engine …` */
export const addSurroundings: AddCommands = (program, context, done) => {
  const doctor = program.command('doctor').description('show what was found where, and what is missing');
  doctor.option('--gpu', 'also whether runs with --gpu could train here: driver, cards, libraries, engine');
  doctor.option('--webgpu', 'also whether runs with --engine webgpu could: Vulkan, engine, adapter');
  doctor.option('--quiet', 'no progress');
  addCommon(doctor).action(async (flags: DoctorFlags) => {
    const command = await import('../commands/doctor.js');
    done(await command.doctor(context, flags));
  });

  const engine = program.command('engine').description('look after the TensorFlow engine');
  addHelpCommand(engine);
  const provision = engine
    .command('provision')
    .description('find the engine, or build it')
    .addOption(new Option('--gpu', 'the one for NVIDIA GPUs').conflicts('webgpu'))
    .option('--webgpu', 'the one for any card that Vulkan reaches')
    .option('--force', 'build it anew');
  addCommon(provision).action(async (flags: { force?: boolean; gpu?: boolean; webgpu?: boolean }) => {
    const { provisionEngine } = await import('../commands/engine.js');
    done(await provisionEngine(context, flags));
  });
};
