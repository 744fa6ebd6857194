import { App } from 'aws-cdk-lib';
import { synthesise } from '../lib/fleet/synthesise.ts';

process.exitCode = synthesise(new App());
