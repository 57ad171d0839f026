import { describePostgresLedger } from '../support/postgres-ledger-suite.ts';

describePostgresLedger('a ledger on Postgres', { lease: false });
