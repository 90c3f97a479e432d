import { attackSubjects } from './attack-subjects.ts';

attackSubjects('docker');
