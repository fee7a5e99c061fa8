-- The three tables of the tutorials.
CREATE TABLE virtual_domains (id integer PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE virtual_users (
  id integer PRIMARY KEY,
  domain_id integer NOT NULL REFERENCES virtual_domains (id) ON DELETE CASCADE,
  password varchar(150) NOT NULL,
  email varchar(100) NOT NULL UNIQUE
);
CREATE TABLE virtual_aliases (
  id integer PRIMARY KEY,
  domain_id integer NOT NULL REFERENCES virtual_domains (id) ON DELETE CASCADE,
  source varchar(100) NOT NULL,
  destination varchar(100) NOT NULL
);
