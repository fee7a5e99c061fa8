#!/usr/bin/perl
# Reads a mail host's SQL tables and the directory made from them, each with nothing but its own
# command line client, works out by itself what should be there, and says where the two differ.
# It shares no code with sql2ldap and asks perl for no module, so that agreement means something.
#
#   independent_check.pl SCHEMA SOURCE LDAP-URI BASE [REJECTS-FILE...]
#
# SCHEMA   postfixadmin, vexim, virtual-tables, courier (with the parameters of the shipped mapping) or
#          first-mapping
# SOURCE   sqlite:FILE, or anything that psql takes
# REJECTS  lines "table TAB key" of rows that must have no entry; PASSWORD_FILE and BIND_DN in the
#          environment say how to bind (else SASL EXTERNAL)
#
# Exit code 0: they agree. 1: they differ, one line each. 2: a side could not be read.
use strict;
use warnings;
use utf8;
binmode STDOUT, ':utf8';
binmode STDERR, ':utf8';
utf8::decode($_) for @ARGV;

my ($schema, $source, $uri, $base, @reject_files) = @ARGV;
die "usage: $0 SCHEMA SOURCE LDAP-URI BASE [REJECTS-FILE...]\n" unless defined $base;
sub fail { print STDERR "$0: @_\n"; exit 2 }

# ---- the SQL side --------------------------------------------------------------------------------

# Every value in hex: no newline, tab or quote in the data can change the shape of the answer.
sub rows {
  my ($table, @columns) = @_;
  my $sqlite = $source =~ /^sqlite:(.*)/s ? $1 : undef;
  my @hex = map {
    defined $sqlite ? "iif(\"$_\" IS NULL, '-', hex(CAST(\"$_\" AS blob)))"  # hex(NULL) is '' there
                    : "coalesce(encode(convert_to(CAST(\"$_\" AS text), 'UTF8'), 'hex'), '-')"
  } @columns;
  my $query = 'SELECT ' . join(" || '|' || ", @hex) . " FROM \"$table\"";
  my @command = defined $sqlite ? ('sqlite3', '-batch', $sqlite, $query)
                                : ('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $source, '-c', $query);
  open my $pipe, '-|', @command or fail("cannot run $command[0]: $!");
  my @found;
  while (my $line = <$pipe>) {
    chomp $line;
    my %row;
    @row{@columns} = map { $_ eq '-' ? undef : text(pack 'H*', $_) } split /\|/, $line, -1;
    push @found, \%row;
  }
  close $pipe or fail("$command[0] could not read $table");
  return @found;
}

sub text { my $bytes = shift; utf8::decode($bytes); return $bytes }  # what is no UTF-8 stays bytes
sub on { my $flag = lc(shift // ''); return $flag =~ /^(1|t|true|y|yes|on)$/ ? 1 : 0 }
sub bool { return $_[0] ? 'TRUE' : 'FALSE' }
sub filled { return grep { defined && length } @_ }
sub first_of { return (filled(@_))[0] }
sub trimmed { my $s = shift // ''; $s =~ s/^[ \t\r\n]+|[ \t\r\n]+$//g; return $s }
sub listed { return filled(map { trimmed($_) } split /,/, shift // '') }
sub known_number { my ($n, @none) = @_; return undef unless defined $n; return (grep { $_ == $n } @none) ? undef : $n }

# RFC 3492, enough of it: letters and digits of the Basic Multilingual Plane, no mapping but lower case.
sub punycode {
  my @points = map { ord } split //, shift;
  my ($n, $delta, $bias, $basic) = (128, 0, 72, scalar(grep { $_ < 128 } @points));
  my ($out, $done) = (join('', map { chr } grep { $_ < 128 } @points), $basic);
  $out .= '-' if $basic;
  while ($done < @points) {
    my ($m) = sort { $a <=> $b } grep { $_ >= $n } @points;
    $delta += ($m - $n) * ($done + 1);
    $n = $m;
    for my $point (@points) {
      $delta++ if $point < $n;
      next unless $point == $n;
      my $q = $delta;
      for (my $k = 36;; $k += 36) {
        my $t = $k <= $bias ? 1 : $k >= $bias + 26 ? 26 : $k - $bias;
        last if $q < $t;
        my $digit = $t + ($q - $t) % (36 - $t);
        $out .= chr($digit < 26 ? $digit + 97 : $digit + 22);
        $q = int(($q - $t) / (36 - $t));
      }
      $out .= chr($q < 26 ? $q + 97 : $q + 22);
      $delta = $done == $basic ? int($delta / 700) : int($delta / 2);
      $delta += int($delta / ($done + 1));
      my $k = 0;
      for (; $delta > 455; $k += 36) { $delta = int($delta / 35) }
      $bias = $k + int(36 * $delta / ($delta + 38));
      $delta = 0;
      $done++;
    }
    $delta++;
    $n++;
  }
  return $out;
}

sub domain_name {
  return join '.', map { /[^\x00-\x7f]/ ? 'xn--' . punycode($_) : $_ } split /\./, lc(trimmed(shift)), -1;
}
sub address {
  my $address = lc trimmed(shift);
  my $at = rindex $address, '@';
  return $address if $at < 0;
  return substr($address, 0, $at) . '@' . domain_name(substr $address, $at + 1);
}
sub local_part { my $a = shift; my $at = rindex $a, '@'; return $at < 0 ? $a : substr $a, 0, $at }
sub domain_part { my $a = shift; return substr $a, rindex($a, '@') + 1 }
sub path { my $p = join '', @_; $p =~ s{//+}{/}g; $p =~ s{(?<=.)/$}{}; return $p }
sub generalized { my $t = shift; $t =~ s/[^0-9].*$// if $t =~ /^[^0-9]/; $t =~ s/\..*$//; $t =~ s/[+-]\d\d(:?\d\d)?$// if length $t > 19; $t =~ s/[^0-9]//g; return $t . 'Z' }

# ---- what should be there ------------------------------------------------------------------------

my (%wanted, %rejected);
for my $file (@reject_files) {
  open my $in, '<:utf8', $file or fail("$file: $!");
  while (<$in>) { chomp; next if /^#/ || !length; my ($table, $key) = split /\t/; $rejected{$table}{$key} = 1 }
}

# name: what stands in the RDN; `in` the domain's entry; attributes that the entry must have, exactly.
sub want {
  my ($table, $key, $in, $rdn_type, $rdn_value, %attributes) = @_;
  return if $rejected{$table}{$key};
  my $id = lc(join ' ', $rdn_type, $rdn_value, filled($in));
  print "twice\t$table\t$key\t$id\n" and $main::differences++ if $wanted{$id};
  $wanted{$id} = {%attributes, $rdn_type => [$rdn_value]};
}

# A stored hash and its form in the directory: the value, or a test.
sub password {
  my $stored = shift;
  return undef unless defined $stored && length $stored;
  return "{CRYPT}$stored" if $stored =~ /^\$(1|2[aby]|5|6|y)\$/ || $stored =~ m{^[A-Za-z0-9./]{13}$};
  return "{CRYPT}$1" if $stored =~ /^\{(?:SHA512-CRYPT|SHA256-CRYPT|MD5-CRYPT|DES-CRYPT|BLF-CRYPT|CRYPT)\}(.*)$/i;
  return $stored if $stored =~ /^\{(?:SSHA|SHA|SMD5|SSHA256|SSHA512|SHA256|SHA512)\}/;
  if ($stored =~ /^\{(?:PLAIN|CLEAR|CLEARTEXT)\}(.*)$/si) {
    my $clear = $1;
    utf8::encode($clear);
    return sub { my $v = shift; return $v =~ /^\{CRYPT\}(\$.*)$/ && crypt($clear, $1) eq $1 };
  }
  return sub { return $_[0] =~ /^\{[A-Z0-9-]+\}./ };  # any other: at least never without a scheme
}

sub members { return [map { /@/ ? address($_) : lc } @_] }

sub postfixadmin {
  my @domains = rows('domain', qw(domain description active quota transport backupmx));
  my @mailboxes = rows('mailbox', qw(username password name maildir quota domain local_part active));
  my @aliases = rows('alias', qw(address goto domain active));
  my %stands_for = map { lc $_->{alias_domain} => $_ } rows('alias_domain', qw(alias_domain target_domain active));
  my %vacation = map { lc $_->{email} => $_ } rows('vacation', qw(email subject body active activefrom activeuntil interval_time));
  my %inhabited = map { defined $_->{domain} ? (lc $_->{domain} => 1) : () } @mailboxes, @aliases;
  my %other_names;
  for (values %stands_for) {
    push @{$other_names{lc $_->{target_domain}}}, $_->{alias_domain} if on($_->{active}) && !$inhabited{lc $_->{alias_domain}};
  }
  my $everywhere = sub {
    my ($address, $domain) = @_;
    return [address($address), map { address(local_part(address($address)) . '@' . $_) } @{$other_names{lc($domain // '')} // []}];
  };

  for my $d (@domains) {
    next if $d->{domain} eq 'ALL' || ($stands_for{lc $d->{domain}} && !$inhabited{lc $d->{domain}});
    my $target = $stands_for{lc $d->{domain}};
    my $quota = known_number($d->{quota}, 0, -1);
    my $transport = $d->{transport} // '';
    $transport = on($d->{backupmx}) ? 'relay' : '' if $transport eq 'virtual' || $transport eq '';
    want('domain', $d->{domain}, undef, 'associatedDomain', domain_name($d->{domain}),
      objectClass => 's2lMailDomain', s2lEnabled => [bool(on($d->{active}))], description => [filled(trimmed($d->{description}))],
      s2lTargetDomain => [$target && on($target->{active}) ? domain_name($target->{target_domain}) : ()],
      s2lQuotaBytes => [defined $quota ? $quota * 1024000 : ()], s2lTransport => [filled($transport)]);
  }
  for my $d (map { $stands_for{$_} } grep { !$inhabited{$_} } keys %stands_for) {
    my $name = $d->{alias_domain};
    want('alias_domain', $name, undef, 'associatedDomain', domain_name($name), objectClass => 's2lDomainAlias',
      s2lTargetDomain => [domain_name($d->{target_domain})], s2lEnabled => [bool(on($d->{active}))]);
  }

  # Of rows that differ in letter case alone, that in small letters.
  my %own_alias = map { lc $_->{address} => $_ } sort { $a->{address} cmp $b->{address} } @aliases;
  my %is_mailbox = map { lc $_->{username} => 1 } @mailboxes;
  for my $m (@mailboxes) {
    my $alias = $own_alias{lc $m->{username}};
    $alias = undef if $alias && !on($alias->{active}) && on($m->{active});
    my @targets = listed($alias ? $alias->{goto} : '');
    my @own = grep { lc $_ eq lc $m->{username} } @targets;
    my @notices = grep { /\@autoreply\.example\.org$/i } @targets;
    my @away = grep { lc $_ ne lc $m->{username} && !/\@autoreply\.example\.org$/i } @targets;
    my $quota = known_number($m->{quota}, 0, -1);
    $quota = undef if defined $quota && $quota < 0;
    my $v = $vacation{lc $m->{username}} // {};
    my %day = map {
      my $when = $v->{"active$_"} // '';
      $when = '' if $when =~ /^(2000-01-01|2038-01-18|0000-00-00)/;
      $_ => [length $when ? generalized($when) : ()]
    } qw(from until);
    my $name = first_of(trimmed($m->{name}), $m->{local_part}, $m->{username});
    want('mailbox', $m->{username}, domain_name($m->{domain} // ''), 'uid', address($m->{username}),
      objectClass => 's2lMailAccount', cn => [$name], sn => [$name], mail => [address($m->{username})],
      mailLocalAddress => $everywhere->($m->{username}, $m->{domain}), s2lEnabled => [bool(on($m->{active}))],
      s2lQuotaBytes => [defined $quota ? $quota : ()],
      homeDirectory => [length($m->{maildir} // '') ? path('/var/vmail/', $m->{maildir}) : ()],
      s2lForwardTo => members(@away), s2lKeepCopy => [@own ? 'TRUE' : ()], s2lVacationActive => [@notices && on($v->{active}) ? 'TRUE' : ()],
      s2lVacationSubject => [filled($v->{subject})], s2lVacationText => [filled($v->{body})],
      s2lVacationFrom => $day{from}, s2lVacationUntil => $day{until}, s2lVacationInterval => [filled($v->{interval_time})],
      userPassword => [password($m->{password})]);
  }
  for my $a (grep { !$is_mailbox{lc $_->{address}} } @aliases) {
    want('alias', $a->{address}, domain_name($a->{domain}), 'cn', address($a->{address}),
      objectClass => 's2lMailAlias', mailLocalAddress => $everywhere->($a->{address}, $a->{domain}),
      s2lEnabled => [bool(on($a->{active}))], s2lAliasKind => [$a->{address} =~ /^\@/ ? 'catchall' : ()],
      rfc822MailMember => members(listed($a->{goto})));
  }
}

sub vexim {
  my %domain = map { $_->{domain_id} => $_ } rows('domains', qw(domain_id domain maildir uid gid type enabled quotas maxmsgsize));
  my %user = map { $_->{user_id} => $_ } rows('users', qw(user_id domain_id localpart username crypt uid gid smtp pop type enabled
    on_forward forward unseen on_vacation vacation quota maxmsgsize realname));
  my %other_names;
  my $times = sub { my ($n, $unit) = @_; return [$n > 0 ? $n * $unit : ()] };
  for my $d (values %domain) {
    next if $d->{domain} eq 'admin' && !defined $d->{type};
    want('domains', $d->{domain_id}, undef, 'associatedDomain', domain_name($d->{domain}), objectClass => 's2lMailDomain',
      s2lEnabled => [bool(on($d->{enabled}))], s2lTransport => [($d->{type} // '') eq 'relay' ? 'relay' : ()],
      homeDirectory => [filled(path($d->{maildir}))], uidNumber => [filled(known_number($d->{uid}, 65534, 65535))],
      gidNumber => [filled(known_number($d->{gid}, 65534, 65535))], s2lQuotaBytes => $times->($d->{quotas}, 1048576),
      s2lMaxMessageBytes => $times->($d->{maxmsgsize}, 1024));
  }
  for my $x (rows('domainalias', qw(domain_id alias))) {
    my $d = $domain{$x->{domain_id}};
    push @{$other_names{$x->{domain_id}}}, $x->{alias};
    want('domainalias', $x->{alias}, undef, 'associatedDomain', domain_name($x->{alias}), objectClass => 's2lDomainAlias',
      s2lTargetDomain => [domain_name($d->{domain})], s2lEnabled => [bool(on($d->{enabled}))]);
  }
  my $everywhere = sub {
    my ($local, $id) = @_;
    return [map { address("$local\@$_") } $domain{$id}{domain}, @{$other_names{$id} // []}];
  };
  for my $u (values %user) {
    next if $u->{type} eq 'site' || $u->{type} eq 'admin';
    my $d = $domain{$u->{domain_id}};
    my $local = $u->{type} eq 'catch' ? '' : $u->{localpart};
    my $name = address("$local\@$d->{domain}");
    my @smtp = listed($u->{smtp});
    my %common = (mailLocalAddress => $everywhere->($local, $u->{domain_id}), s2lEnabled => [bool(on($u->{enabled}) && on($d->{enabled}))]);
    if ($u->{type} eq 'local') {
      my $text = $u->{vacation} // '';
      $text = '' if $text =~ /=(?![0-9A-F]{2}|\r?\n)/;  # no quoted-printable: left out
      $text =~ s/=\r?\n//g;
      utf8::encode($text);
      $text =~ s/=([0-9A-F]{2})/chr hex $1/ge;
      utf8::encode($text) unless utf8::decode(my $copy = $text);  # Latin-1
      want('users', $u->{user_id}, domain_name($d->{domain}), 'uid', lc first_of($u->{username}, $name), %common,
        objectClass => 's2lMailAccount', cn => [first_of(trimmed($u->{realname}), $u->{localpart})], mail => [$name],
        s2lLoginEnabled => [bool(on($u->{enabled}))], s2lQuotaBytes => $times->($u->{quota}, 1048576),
        s2lMaxMessageBytes => $times->($u->{maxmsgsize}, 1024), homeDirectory => [filled(path($u->{pop} // ''))],
        uidNumber => [filled(first_of(known_number($u->{uid}, 65534, 65535), known_number($d->{uid}, 65534, 65535)))],
        gidNumber => [filled(first_of(known_number($u->{gid}, 65534, 65535), known_number($d->{gid}, 65534, 65535)))],
        s2lMailStore => [map { 'maildir:' . path($_) } grep { m{^/} } filled($u->{smtp})],
        s2lForwardTo => on($u->{on_forward}) ? members(listed($u->{forward})) : [],
        s2lKeepCopy => [on($u->{on_forward}) ? bool(on($u->{unseen})) : ()],
        s2lVacationActive => [on($u->{on_vacation}) ? 'TRUE' : ()], s2lVacationText => [filled(text($text))],
        userPassword => [password($u->{crypt})]);
    } elsif ($u->{type} eq 'piped') {
      want('users', $u->{user_id}, domain_name($d->{domain}), 'cn', $name, %common, objectClass => 's2lMailAlias',
        s2lAliasKind => ['pipe'], s2lPipeCommand => [$u->{smtp} =~ /^\|?\s*(.*)$/]);
    } elsif ($u->{type} eq 'fail' || ($u->{type} eq 'alias' && ($u->{smtp} // '') =~ /^:fail:/)) {
      my ($why) = $u->{smtp} =~ /^:fail:\s*(.*)$/;
      $why = "This address is no longer used; try $u->{smtp}" unless defined $why;
      want('users', $u->{user_id}, domain_name($d->{domain}), 'cn', $name, %common, objectClass => 's2lMailAlias',
        s2lAliasKind => ['fail'], s2lRejectText => [filled($why)], rfc822MailMember => []);
    } elsif ($u->{type} eq 'alias') {
      my @discard = grep { /^:blackhole:/ } @smtp;
      want('users', $u->{user_id}, domain_name($d->{domain}), 'cn', $name, %common, objectClass => 's2lMailAlias',
        s2lAliasKind => [@discard ? 'discard' : ()], rfc822MailMember => members(grep { !/^[:|]/ } @smtp));
    } else {
      want('users', $u->{user_id}, domain_name($d->{domain}), 'cn', $name, %common, objectClass => 's2lMailAlias',
        s2lAliasKind => ['catchall'], s2lEnabled => [bool(on($d->{enabled}))], rfc822MailMember => members(@smtp));
    }
  }
  my @contents = rows('group_contents', qw(group_id member_id));
  for my $g (rows('groups', qw(id domain_id name is_public enabled))) {
    my $d = $domain{$g->{domain_id}};
    my @members = grep { on($_->{enabled}) && $_->{domain_id} == $g->{domain_id} }
      map { $user{$_->{member_id}} } grep { $_->{group_id} == $g->{id} } @contents;
    want('groups', $g->{id}, domain_name($d->{domain}), 'cn', address("$g->{name}\@$d->{domain}"), objectClass => 's2lMailGroup',
      mailLocalAddress => $everywhere->($g->{name}, $g->{domain_id}), s2lGroupPublic => [bool(uc $g->{is_public} eq 'Y')],
      s2lEnabled => [bool(on($g->{enabled}) && on($d->{enabled}))],
      rfc822MailMember => [map { address("$_->{localpart}\@$d->{domain}") } @members]);
  }
}

sub virtual_tables {
  my %domain = map { $_->{id} => $_->{name} } rows('virtual_domains', qw(id name));
  want('virtual_domains', $_, undef, 'associatedDomain', domain_name($domain{$_}), objectClass => 's2lMailDomain', s2lEnabled => ['TRUE'])
    for keys %domain;
  my (%targets, %in);
  for (rows('virtual_aliases', qw(domain_id source destination))) {
    push @{$targets{lc $_->{source}}}, listed($_->{destination});
    $in{lc $_->{source}} = $domain{$_->{domain_id}};
  }
  for my $u (rows('virtual_users', qw(domain_id password email))) {
    my $address = address($u->{email});
    my @to = @{delete $targets{lc $u->{email}} // []};
    want('virtual_users', $u->{email}, domain_name($domain{$u->{domain_id}}), 'uid', $address, objectClass => 's2lMailAccount',
      mail => [$address], mailLocalAddress => [$address], cn => [local_part($u->{email})], s2lEnabled => ['TRUE'],
      homeDirectory => ['/var/mail/vhosts/' . domain_part($address) . '/' . local_part($address)],
      s2lForwardTo => members(grep { lc $_ ne lc $u->{email} } @to), s2lKeepCopy => [(grep { lc $_ eq lc $u->{email} } @to) ? 'TRUE' : ()],
      userPassword => [password($u->{password})]);
  }
  for my $source (keys %targets) {
    want('virtual_aliases', $source, domain_name($in{$source}), 'cn', address($source), objectClass => 's2lMailAlias',
      mailLocalAddress => [address($source)], s2lEnabled => ['TRUE'], s2lAliasKind => [$source =~ /^\@/ ? 'catchall' : ()],
      rfc822MailMember => members(@{$targets{$source}}));
  }
}

sub courier {
  my %domains;
  for my $p (rows('passwd', qw(id crypt clear name uid gid home maildir quota))) {
    my $address = address($p->{id} =~ /@/ ? $p->{id} : "$p->{id}\@example.org");
    my $domain = domain_part($address);
    my ($bytes) = $p->{quota} =~ /(\d+)S/;
    my ($messages) = $p->{quota} =~ /(\d+)C/;
    my $stored = length $p->{crypt} ? $p->{crypt} : length $p->{clear} ? "{CLEARTEXT}$p->{clear}" : '';
    my $store = $p->{maildir} =~ m{^/} ? $p->{maildir} : "$p->{home}/" . ($p->{maildir} || 'Maildir');
    $domains{$domain} = 1 unless $rejected{passwd}{$p->{id}};
    want('passwd', $p->{id}, $domain, 'uid', $address, objectClass => 's2lMailAccount', mail => [$address],
      mailLocalAddress => [$address], cn => [first_of(trimmed($p->{name}), $p->{id})], s2lEnabled => ['TRUE'],
      s2lQuotaBytes => [filled($bytes)], s2lQuotaMessages => [filled($messages)], homeDirectory => [path($p->{home})],
      s2lMailStore => ['maildir:' . path($store)], uidNumber => [filled(known_number($p->{uid}, 65534))],
      gidNumber => [filled(known_number($p->{gid}, 65534))], userPassword => [password($stored)]);
  }
  want('', $_, undef, 'associatedDomain', $_, objectClass => 's2lMailDomain', s2lEnabled => ['TRUE']) for keys %domains;
}

sub first_mapping {
  my %domain = map { $_->{nr} => $_ } rows('domaene', qw(nr name aktiv));
  my $yes = sub { return bool($_[0] eq 'j') };
  my $targets = sub { return members(filled(map { trimmed($_) } split /;/, shift // '')) };
  want('domaene', $_->{nr}, undef, 'associatedDomain', domain_name($_->{name}), objectClass => 's2lMailDomain',
    s2lEnabled => [$yes->($_->{aktiv})]) for values %domain;
  my (%more, %forward);
  push @{$more{$_->{postfach_nr}}}, address($_->{adresse}) for rows('zweitadresse', qw(postfach_nr adresse));
  $forward{"$_->{domaene_nr} $_->{quelle}"} = $_ for rows('weiterleitung', qw(nr quelle ziele domaene_nr aktiv));
  for my $p (rows('postfach', qw(nr domaene_nr benutzer kennwort vorname nachname kontingent_mb verzeichnis gesperrt))) {
    my $d = $domain{$p->{domaene_nr}};
    my $address = address("$p->{benutzer}\@$d->{name}");
    my $w = delete $forward{"$p->{domaene_nr} $p->{benutzer}"};
    my @to = $w && $w->{aktiv} eq 'j' ? @{$targets->($w->{ziele})} : ();
    my $full = defined $p->{vorname} && defined $p->{nachname} ? trimmed("$p->{vorname} $p->{nachname}") : '';
    want('postfach', $p->{nr}, domain_name($d->{name}), 'uid', $address, objectClass => 's2lMailAccount',
      cn => [first_of($full, $p->{benutzer})], sn => [first_of(trimmed($p->{nachname}), $p->{benutzer})], mail => [$address],
      mailLocalAddress => [$address, @{$more{$p->{nr}} // []}], s2lEnabled => [bool($p->{gesperrt} ne 'j')],
      s2lQuotaBytes => [$p->{kontingent_mb} > 0 ? $p->{kontingent_mb} * 1048576 : ()],
      homeDirectory => [filled(defined $p->{verzeichnis} ? path("/srv/mail/$p->{verzeichnis}") : undef)],
      s2lForwardTo => [grep { $_ ne $address } @to], s2lKeepCopy => [(grep { $_ eq $address } @to) ? 'TRUE' : ()],
      userPassword => [password($p->{kennwort})]);
  }
  for my $w (values %forward) {
    my $d = $domain{$w->{domaene_nr}};
    my $local = $w->{quelle} eq '*' ? '' : $w->{quelle};
    my $address = address("$local\@$d->{name}");
    want('weiterleitung', $w->{nr}, domain_name($d->{name}), 'cn', $address, objectClass => 's2lMailAlias',
      mailLocalAddress => [$address], s2lAliasKind => [length $local ? () : 'catchall'], s2lEnabled => [$yes->($w->{aktiv})],
      rfc822MailMember => $targets->($w->{ziele}));
  }
}

# ---- the directory side --------------------------------------------------------------------------

sub base64 {
  my $text = shift;
  $text =~ tr{A-Za-z0-9+/}{}cd;
  $text =~ tr{A-Za-z0-9+/}{ -_};
  return join '', map { unpack 'u', chr(32 + int(length($_) * 3 / 4)) . $_ } $text =~ /(.{1,60})/gs;
}

sub entries {
  my @bind = defined $ENV{BIND_DN} ? ('-x', '-D', $ENV{BIND_DN}, '-y', $ENV{PASSWORD_FILE}) : ('-Q', '-Y', 'EXTERNAL');
  my @command = ('ldapsearch', '-LLL', '-o', 'ldif-wrap=no', '-H', $uri, @bind, '-E', 'pr=500/noprompt',
    '-b', $base, '(s2lOrigin=*)');
  open my $pipe, '-|', @command or fail("cannot run ldapsearch: $!");
  local $/ = '';
  my @found;
  while (my $record = <$pipe>) {
    my %entry;
    for my $line (split /\n/, $record) {
      next if $line =~ /^#/;
      my ($name, $encoded, $value) = $line =~ /^([^:]+):(:?) ?(.*)$/ or fail("ldapsearch said: $line");
      push @{$entry{lc $name}}, text($encoded ? base64($value) : $value);
    }
    push @found, \%entry if $entry{dn};
  }
  close $pipe or fail("ldapsearch could not read $base");
  return @found;
}

# ---- both -----------------------------------------------------------------------------------------

our $differences = 0;
sub differs { $differences++; print join("\t", @_), "\n" }

my %schemas = (postfixadmin => \&postfixadmin, vexim => \&vexim, 'virtual-tables' => \&virtual_tables, courier => \&courier,
  'first-mapping' => \&first_mapping);
($schemas{$schema} or fail("no such schema: $schema"))->();

my %exact = map { lc $_ => 1 } qw(cn sn homeDirectory s2lMailStore s2lPipeCommand s2lVacationSubject s2lVacationText);
for my $entry (entries()) {
  my $dn = $entry->{dn}[0];
  my %classes = map { lc $_ => 1 } @{$entry->{objectclass}};
  my ($type) = $dn =~ /^([^=]+)=/;
  my ($parent) = $dn =~ /,associatedDomain=([^,]+),ou=domains,\Q$base\E$/i;
  if (!defined $parent && $dn !~ /^associatedDomain=[^,]+,ou=domains,\Q$base\E$/i) { differs('misplaced', $dn); next }
  # Of several values of the naming attribute any may stand in the RDN; ours have one.
  my ($value) = @{$entry->{lc $type} // []};
  my $id = lc join ' ', filled($type, $value // '', $parent);
  my $want = delete $wanted{$id};
  if (!$want) { differs('surplus', $dn); next }
  differs('class', $dn, $want->{objectClass}) unless $classes{lc $want->{objectClass}};
  for my $name (sort keys %$want) {
    next if $name eq 'objectClass';
    my @have = @{$entry->{lc $name} // []};
    my @should = grep { defined } @{$want->{$name}};
    if ($name eq 'userPassword') {
      my $same = @have == @should && (!@should || (ref $should[0] ? $should[0]->($have[0]) : $should[0] eq $have[0]));
      differs('differs', $dn, $name) unless $same;
      next;
    }
    if (!$exact{lc $name}) { $_ = lc for @have, @should }
    my %once = map { $_ => 1 } @should;
    differs('differs', $dn, $name, "has @have", "should have @{[sort keys %once]}")
      unless join("\0", sort @have) eq join("\0", sort keys %once);
  }
}
differs('missing', $_) for sort keys %wanted;
print "$schema: both sides agree\n" unless $differences;
exit($differences ? 1 : 0);
