-- A mail host that somebody built at home, years ago.
CREATE TABLE domaene (
  nr integer PRIMARY KEY,
  name varchar(255) NOT NULL UNIQUE,
  aktiv char(1) NOT NULL DEFAULT 'j'
);
CREATE TABLE postfach (
  nr integer PRIMARY KEY,
  domaene_nr integer NOT NULL REFERENCES domaene (nr),
  benutzer varchar(64) NOT NULL,
  kennwort varchar(255),
  vorname varchar(80),
  nachname varchar(80),
  kontingent_mb integer NOT NULL DEFAULT 0,
  verzeichnis varchar(255),
  gesperrt char(1) NOT NULL DEFAULT 'n',
  sortierung integer
);
CREATE TABLE zweitadresse (
  postfach_nr integer NOT NULL REFERENCES postfach (nr),
  adresse varchar(255) NOT NULL
);
CREATE TABLE weiterleitung (
  nr integer PRIMARY KEY,
  quelle varchar(64) NOT NULL,
  ziele text NOT NULL,
  domaene_nr integer NOT NULL REFERENCES domaene (nr),
  aktiv char(1) NOT NULL DEFAULT 'j'
);
