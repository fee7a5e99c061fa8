-- The password of NAME is geheim-NAME; logins.tsv lists them. They are test data.
INSERT INTO domaene (nr, name, aktiv) VALUES (1, 'example.org', 'j'), (2, 'bücher.example', 'j'), (3, 'alt.example', 'n');
INSERT INTO postfach (nr, domaene_nr, benutzer, kennwort, vorname, nachname, kontingent_mb, verzeichnis, gesperrt) VALUES
  (1, 1, 'anna', '$6$heimat1$GoMTuBOUr74FnPLmimhKNChGD3YicEMjcAxL7GHGxNzBChGVC8FHFbIOWQ.fFLpDoPbzt.NaNC2AGclS2Bv6n0', 'Anna', 'Müller', 500, 'org/anna', 'n'),
  (2, 1, 'Bert', '{SSHA}P4z/PGyRExaPmqXT9BhAIrJNZuHeYHi4', NULL, NULL, 0, 'org/bert', 'n'),
  (3, 2, 'carla', '$1$heimat3$NqzUIREsDtwaNzlUofvx1/', 'Carla', '', 0, 'buecher/carla', 'j'),
  (4, 3, 'dora', '$5$heimat4$3KxLkchICayxU0lT5kFWdOUELecghKGhlGNQpXl1H.A', 'Dora', 'Nowak', 100, NULL, 'n'),
  (5, 1, 'erich', 'geheim?', 'Erich', 'Unklar', 0, 'org/erich', 'n');
INSERT INTO zweitadresse (postfach_nr, adresse) VALUES (1, 'a.mueller@example.org'), (1, 'Anna@bücher.example'), (2, 'bertel@example.org');
INSERT INTO weiterleitung (nr, quelle, ziele, domaene_nr, aktiv) VALUES
  (1, 'info', 'anna@example.org; bert@example.org', 1, 'j'),
  (2, '*', 'anna@example.org', 1, 'j'),
  (3, 'Bert', 'bert@example.org;bert@anderswo.example', 1, 'j'),
  (4, 'presse', 'carla@bücher.example', 2, 'n');
