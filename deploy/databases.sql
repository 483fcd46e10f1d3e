-- Beside Dagster's database one for the journals: both have a table `runs`.
CREATE DATABASE flitstack;
