import { SHAPES } from './test-support/four-shapes.js';
import { describeJudgedMessages } from './test-support/judged-messages-table.js';

describeJudgedMessages(undefined, SHAPES);
