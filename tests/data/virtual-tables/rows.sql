-- The password of NAME is geheim-NAME; logins.tsv lists them. They are test data.
INSERT INTO virtual_domains (id, name) VALUES (1, 'example.org'), (2, 'example.net');
INSERT INTO virtual_users (id, domain_id, password, email) VALUES
  (1, 1, '$6$virtual1$OXEmLMOUI5eOOSl7lW3MRjtrxunMx74XuuYYiQP5kITiEZzT1qHimryViHvoxaDPiQrhhLvT75ss7HTIhXHpO.', 'anna@example.org'),
  (2, 1, '{SHA256-CRYPT}$5$virtual2$VNxabmT/0pqJi8Sv1j7jPrgTN8hf1isfnzpXLwtoCi2', 'Bert@example.org'),
  (3, 2, 'd4ecfed6fd975c1443e713eb3020ea75', 'carla@example.net'),
  (4, 2, 'changeme!', 'dora@example.net');
INSERT INTO virtual_aliases (id, domain_id, source, destination) VALUES
  (1, 1, 'info@example.org', 'anna@example.org'),
  (2, 1, 'info@example.org', 'bert@example.org'),
  (3, 1, 'info@example.org', 'ANNA@example.org'),
  (4, 1, 'anna@example.org', 'anna@example.org'),
  (5, 1, 'anna@example.org', 'anna@elsewhere.example'),
  (6, 2, '@example.net', 'carla@example.net'),
  (7, 2, 'list@example.net', 'anna@example.org, carla@example.net'),
  -- letter case as MySQL left it
  (8, 1, 'Bert@Example.org', 'bert@elsewhere.example'),
  (9, 1, 'bert@example.org', 'Bert@example.org'),
  (10, 2, 'List@example.net', 'bert@[IPv6:2001:DB8::1]');
