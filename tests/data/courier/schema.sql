-- The table that courier's authpgsql documents.
CREATE TABLE passwd (
  id varchar(128) PRIMARY KEY,
  crypt varchar(128) NOT NULL DEFAULT '',
  clear varchar(128) NOT NULL DEFAULT '',
  name varchar(128) NOT NULL DEFAULT '',
  uid integer NOT NULL DEFAULT 65534,
  gid integer NOT NULL DEFAULT 65534,
  home varchar(255) NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  defaultdelivery varchar(255) NOT NULL DEFAULT '',
  quota varchar(255) NOT NULL DEFAULT ''
);
