import { Option } from 'commander';
import type { GcFlags } from '../commands/gc.js';
import type { BuildFlags } from '../commands/image.js';
import type { WarmFlags } from '../commands/warm.js';
import { WARM_SETTINGS } from '../options.js';
import { addCommon, addHelpCommand, addSettings, oneOf } from './common.js';
import type { AddCommands } from './common.js';

/** `runner image …`, `runner warm` and `runner gc` */
export const addDocker: AddCommands = (program, context, done) => {
  const load = () => import('../commands/image.js');
  const image = program.command('image').description('look after the images that containers train in');
  addHelpCommand(image);
  const build = image
    .command('build')
    .description('build the image of this version, unless it is there')
    .option('--gpu', 'with the engine for NVIDIA GPUs, which is several times as large')
    .option('--base <image>', 'image to build upon (default: that of Dockerfile.trainer)')
    .option('--force', 'build it also where it is there');
  addSettings(build, ['builder']);
  addCommon(build).action(async (flags: BuildFlags) => {
    done(await (await load()).buildImage(context, flags));
  });
  const ls = image.command('ls').description("list runner's images, newest first");
  addCommon(ls).action(async () => {
    done(await (await load()).listImages(context));
  });
  const rm = image
    .command('rm')
    .description('remove images that no container uses')
    .argument('[image...]', 'tag or start of an id; without, the trainer images of other versions')
    .option('--all', 'all of them: also that of this version, and the bases');
  addCommon(rm).action(async (names: string[], flags: { all?: boolean }) => {
    done(await (await load()).removeImages(context, names, flags));
  });

  const warm = program
    .command('warm')
    .description('keep trainers started that wait for runs with --mode docker')
    .addOption(new Option('--size <n>', 'how many').makeOptionMandatory());
  addSettings(warm, WARM_SETTINGS);
  addCommon(warm).action(async (flags: WarmFlags) => {
    const command = await import('../commands/warm.js');
    done(await command.warm(context, flags));
  });

  const gc = program
    .command('gc')
    .description("remove what is runner's, and nobody's any more")
    .option('--dry-run', 'only tell what would be removed')
    .addOption(
      oneOf(
        ['docker', 'kubernetes'],
        new Option(
          '--mode <mode>',
          'look only where such runs are (default: the Docker daemon, and the cluster if one is named)',
        ),
      ),
    );
  addSettings(gc, ['namespace', 'kubeContext']);
  addCommon(gc).action(async (flags: GcFlags) => {
    const command = await import('../commands/gc.js');
    done(await command.gc(context, flags));
  });
};
