import { z } from 'zod';
import type { Client } from './client.js';
import { table } from './terminal.js';
