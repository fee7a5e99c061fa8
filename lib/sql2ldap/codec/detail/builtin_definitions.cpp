#include <sql2ldap/codec/detail/builtin_definitions.hpp>

namespace sql2ldap::codec::detail {

namespace {

constexpr std::string_view attribute_types[] = {
    "( 1.3.6.1.1.1.1.0 NAME 'uidNumber' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 1.3.6.1.1.1.1.1 NAME 'gidNumber' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 2.5.4.0 NAME 'objectClass' EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )",
    "( 2.5.4.1 NAME ( 'aliasedObjectName' 'aliasedEntryName' ) EQUALITY distinguishedNameMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.12 SINGLE-VALUE )",
    "( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 "
    "SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 2.5.18.2 NAME 'modifyTimestamp' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 "
    "SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 2.5.18.3 NAME 'creatorsName' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 "
    "SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 2.5.18.4 NAME 'modifiersName' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 "
    "SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 2.5.21.9 NAME 'structuralObjectClass' EQUALITY objectIdentifierMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.38 SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 1.3.6.1.1.16.4 NAME 'entryUUID' EQUALITY UUIDMatch SYNTAX 1.3.6.1.1.16.1 SINGLE-VALUE "
    "NO-USER-MODIFICATION )",
    "( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )",
    "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
    "( 2.5.4.5 NAME 'serialNumber' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.44{64} )",
    "( 2.5.4.6 NAME ( 'c' 'countryName' ) SUP name SYNTAX 1.3.6.1.4.1.1466.115.121.1.11 SINGLE-VALUE )",
    "( 2.5.4.7 NAME ( 'l' 'localityName' ) SUP name )",
    "( 2.5.4.8 NAME ( 'st' 'stateOrProvinceName' ) SUP name )",
    "( 2.5.4.9 NAME ( 'street' 'streetAddress' ) EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{128} )",
    "( 2.5.4.10 NAME ( 'o' 'organizationName' ) SUP name )",
    "( 2.5.4.11 NAME ( 'ou' 'organizationalUnitName' ) SUP name )",
    "( 2.5.4.12 NAME 'title' SUP name )",
    "( 2.5.4.13 NAME 'description' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15{1024} )",
    "( 2.5.4.15 NAME 'businessCategory' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15{128} )",
    "( 2.5.4.16 NAME 'postalAddress' EQUALITY caseIgnoreListMatch SUBSTR caseIgnoreListSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.41 )",
    "( 2.5.4.17 NAME 'postalCode' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15{40} )",
    "( 2.5.4.18 NAME 'postOfficeBox' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15{40} )",
    "( 2.5.4.19 NAME 'physicalDeliveryOfficeName' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{128} )",
    "( 2.5.4.20 NAME 'telephoneNumber' EQUALITY telephoneNumberMatch SUBSTR "
    "telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50{32} )",
    "( 2.5.4.31 NAME 'member' SUP distinguishedName )",
    "( 2.5.4.32 NAME 'owner' SUP distinguishedName )",
    "( 2.5.4.34 NAME 'seeAlso' SUP distinguishedName )",
    "( 2.5.4.35 NAME 'userPassword' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40{128} )",
    "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15{32768} )",
    "( 2.5.4.42 NAME ( 'givenName' 'gn' ) SUP name )",
    "( 2.5.4.43 NAME 'initials' SUP name )",
    "( 2.5.4.50 NAME 'uniqueMember' EQUALITY uniqueMemberMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.34 )",
    "( 2.5.4.49 NAME 'distinguishedName' EQUALITY distinguishedNameMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.12 )",
    "( 2.5.4.23 NAME ( 'facsimileTelephoneNumber' 'fax' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.22 )",
    "( 2.5.4.33 NAME 'roleOccupant' SUP distinguishedName )",
    "( 2.5.4.28 NAME 'preferredDeliveryMethod' SYNTAX 1.3.6.1.4.1.1466.115.121.1.14 SINGLE-VALUE )",
    "( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{256} )",
    "( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' ) EQUALITY caseIgnoreIA5Match SUBSTR "
    "caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} )",
    "( 0.9.2342.19200300.100.1.25 NAME ( 'dc' 'domainComponent' ) EQUALITY caseIgnoreIA5Match SUBSTR "
    "caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )",
    "( 0.9.2342.19200300.100.1.37 NAME 'associatedDomain' EQUALITY caseIgnoreIA5Match SUBSTR "
    "caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )",
    "( 0.9.2342.19200300.100.1.38 NAME 'associatedName' EQUALITY distinguishedNameMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.12 )",
    "( 1.3.6.1.4.1.250.1.57 NAME 'labeledURI' EQUALITY caseExactMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.15 )",
    "( 0.9.2342.19200300.100.1.4 NAME 'info' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{2048} )",
    "( 0.9.2342.19200300.100.1.20 NAME ( 'homePhone' 'homeTelephoneNumber' ) EQUALITY "
    "telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50 )",
    "( 0.9.2342.19200300.100.1.41 NAME ( 'mobile' 'mobileTelephoneNumber' ) EQUALITY telephoneNumberMatch "
    "SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50 )",
    "( 0.9.2342.19200300.100.1.42 NAME ( 'pager' 'pagerTelephoneNumber' ) EQUALITY telephoneNumberMatch "
    "SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50 )",
    "( 0.9.2342.19200300.100.1.6 NAME 'roomNumber' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{256} )",
    "( 0.9.2342.19200300.100.1.10 NAME 'manager' EQUALITY distinguishedNameMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.12 )",
    "( 0.9.2342.19200300.100.1.21 NAME 'secretary' EQUALITY distinguishedNameMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.12 )",
    "( 0.9.2342.19200300.100.1.9 NAME 'host' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{256} )",
    "( 0.9.2342.19200300.100.1.39 NAME 'homePostalAddress' EQUALITY caseIgnoreListMatch SUBSTR "
    "caseIgnoreListSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.41 )",
    "( 2.16.840.1.113730.3.1.241 NAME 'displayName' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 2.16.840.1.113730.3.1.3 NAME 'employeeNumber' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 2.16.840.1.113730.3.1.4 NAME 'employeeType' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    "( 2.16.840.1.113730.3.1.39 NAME 'preferredLanguage' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 2.16.840.1.113730.3.1.2 NAME 'departmentNumber' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    "( 2.16.840.1.113730.3.1.1 NAME 'carLicense' EQUALITY caseIgnoreMatch SUBSTR "
    "caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
    "( 2.5.4.36 NAME 'userCertificate' EQUALITY certificateExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.8 "
    ")",
    "( 2.16.840.1.113730.3.1.13 NAME 'mailLocalAddress' EQUALITY caseIgnoreIA5Match SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.26{256} )",
    "( 2.16.840.1.113730.3.1.18 NAME 'mailHost' EQUALITY caseIgnoreIA5Match SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.26{256} SINGLE-VALUE )",
    "( 2.16.840.1.113730.3.1.47 NAME 'mailRoutingAddress' EQUALITY caseIgnoreIA5Match SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.26{256} SINGLE-VALUE )",
    "( 1.3.6.1.4.1.42.2.27.2.1.15 NAME 'rfc822MailMember' EQUALITY caseIgnoreIA5Match SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.26 )",
    "( 1.3.6.1.1.1.1.3 NAME 'homeDirectory' EQUALITY caseExactIA5Match SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )",
    "( 1.3.6.1.1.1.1.4 NAME 'loginShell' EQUALITY caseExactIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 "
    "SINGLE-VALUE )",
    "( 1.3.6.1.1.1.1.2 NAME 'gecos' EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )",
    "( 1.3.6.1.1.1.1.12 NAME 'memberUid' EQUALITY caseExactIA5Match SUBSTR caseExactIA5SubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )",
    "( 2.25.227397372872760532598366431716147193615.1.1 NAME 's2lEnabled' EQUALITY booleanMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.2 NAME 's2lLoginEnabled' EQUALITY booleanMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.3 NAME 's2lService' EQUALITY caseIgnoreIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{32} )",
    "( 2.25.227397372872760532598366431716147193615.1.4 NAME 's2lQuotaBytes' EQUALITY integerMatch "
    "ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.5 NAME 's2lQuotaMessages' EQUALITY integerMatch "
    "ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.6 NAME 's2lMailStore' EQUALITY caseExactIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{1024} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.7 NAME 's2lForwardTo' EQUALITY caseIgnoreIA5Match "
    "SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{320} )",
    "( 2.25.227397372872760532598366431716147193615.1.8 NAME 's2lKeepCopy' EQUALITY booleanMatch SYNTAX "
    "1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.9 NAME 's2lAliasKind' EQUALITY caseIgnoreIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{16} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.10 NAME 's2lRejectText' EQUALITY caseIgnoreMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{512} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.11 NAME 's2lPipeCommand' EQUALITY caseExactIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{1024} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.12 NAME 's2lTargetDomain' EQUALITY "
    "caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{255} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.13 NAME 's2lTransport' EQUALITY caseExactIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{255} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.14 NAME 's2lMaxMessageBytes' EQUALITY integerMatch "
    "ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.15 NAME 's2lGroupPublic' EQUALITY booleanMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.16 NAME 's2lVacationActive' EQUALITY booleanMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.17 NAME 's2lVacationSubject' EQUALITY "
    "caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.18 NAME 's2lVacationText' EQUALITY caseExactMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.19 NAME 's2lVacationFrom' EQUALITY "
    "generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 "
    "SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.20 NAME 's2lVacationUntil' EQUALITY "
    "generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 "
    "SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.21 NAME 's2lVacationInterval' EQUALITY integerMatch "
    "ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.22 NAME 's2lSieveScript' EQUALITY octetStringMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.23 NAME 's2lAllowNets' EQUALITY caseIgnoreIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{64} )",
    "( 2.25.227397372872760532598366431716147193615.1.24 NAME 's2lOrigin' EQUALITY caseExactIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{1024} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.25 NAME 's2lSyncToken' EQUALITY caseExactIA5Match "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{128} SINGLE-VALUE )",
    "( 2.25.227397372872760532598366431716147193615.1.26 NAME 's2lGoneSince' EQUALITY generalizedTimeMatch "
    "ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )",
};

constexpr std::string_view object_classes[] = {
    "( 1.3.6.1.4.1.1466.101.120.111 NAME 'extensibleObject' SUP top AUXILIARY )",
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ telephoneNumber $ "
    "seeAlso $ description ) )",
    "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY ( title $ x121Address $ "
    "registeredAddress $ destinationIndicator $ preferredDeliveryMethod $ telexNumber $ "
    "teletexTerminalIdentifier $ telephoneNumber $ internationaliSDNNumber $ facsimileTelephoneNumber $ "
    "street $ postOfficeBox $ postalCode $ postalAddress $ physicalDeliveryOfficeName $ ou $ st $ l ) )",
    "( 2.5.6.8 NAME 'organizationalRole' SUP top STRUCTURAL MUST cn MAY ( x121Address $ registeredAddress "
    "$ destinationIndicator $ preferredDeliveryMethod $ telexNumber $ teletexTerminalIdentifier $ "
    "telephoneNumber $ internationaliSDNNumber $ facsimileTelephoneNumber $ seeAlso $ roleOccupant $ "
    "preferredDeliveryMethod $ street $ postOfficeBox $ postalCode $ postalAddress $ "
    "physicalDeliveryOfficeName $ ou $ st $ l $ description ) )",
    "( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o MAY ( userPassword $ searchGuide $ seeAlso $ "
    "businessCategory $ x121Address $ registeredAddress $ destinationIndicator $ preferredDeliveryMethod "
    "$ telexNumber $ teletexTerminalIdentifier $ telephoneNumber $ internationaliSDNNumber $ "
    "facsimileTelephoneNumber $ street $ postOfficeBox $ postalCode $ postalAddress $ "
    "physicalDeliveryOfficeName $ st $ l $ description ) )",
    "( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou MAY ( userPassword $ searchGuide $ "
    "seeAlso $ businessCategory $ x121Address $ registeredAddress $ destinationIndicator $ "
    "preferredDeliveryMethod $ telexNumber $ teletexTerminalIdentifier $ telephoneNumber $ "
    "internationaliSDNNumber $ facsimileTelephoneNumber $ street $ postOfficeBox $ postalCode $ "
    "postalAddress $ physicalDeliveryOfficeName $ st $ l $ description ) )",
    "( 2.5.6.9 NAME 'groupOfNames' SUP top STRUCTURAL MUST ( member $ cn ) MAY ( businessCategory $ "
    "seeAlso $ owner $ ou $ o $ description ) )",
    "( 2.5.6.17 NAME 'groupOfUniqueNames' SUP top STRUCTURAL MUST ( uniqueMember $ cn ) MAY ( "
    "businessCategory $ seeAlso $ owner $ ou $ o $ description ) )",
    "( 2.5.6.2 NAME 'country' SUP top STRUCTURAL MUST c MAY ( searchGuide $ description ) )",
    "( 2.5.6.3 NAME 'locality' SUP top STRUCTURAL MAY ( street $ seeAlso $ searchGuide $ st $ l $ "
    "description ) )",
    "( 0.9.2342.19200300.100.4.19 NAME 'simpleSecurityObject' SUP top AUXILIARY MUST userPassword )",
    "( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MUST dc )",
    "( 0.9.2342.19200300.100.4.13 NAME 'domain' SUP top STRUCTURAL MUST domainComponent MAY ( "
    "associatedName $ organizationName $ description $ businessCategory $ seeAlso $ searchGuide $ "
    "userPassword $ localityName $ stateOrProvinceName $ streetAddress $ physicalDeliveryOfficeName $ "
    "postalAddress $ postalCode $ postOfficeBox $ streetAddress $ facsimileTelephoneNumber $ "
    "internationalISDNNumber $ telephoneNumber $ teletexTerminalIdentifier $ telexNumber $ "
    "preferredDeliveryMethod $ destinationIndicator $ registeredAddress $ x121Address ) )",
    "( 0.9.2342.19200300.100.4.17 NAME 'domainRelatedObject' SUP top AUXILIARY MUST associatedDomain )",
    "( 0.9.2342.19200300.100.4.5 NAME 'account' SUP top STRUCTURAL MUST userid MAY ( description $ "
    "seeAlso $ localityName $ organizationName $ organizationalUnitName $ host ) )",
    "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL MAY ( audio $ "
    "businessCategory $ carLicense $ departmentNumber $ displayName $ employeeNumber $ employeeType $ "
    "givenName $ homePhone $ homePostalAddress $ initials $ jpegPhoto $ labeledURI $ mail $ manager $ "
    "mobile $ o $ pager $ photo $ roomNumber $ secretary $ uid $ userCertificate $ x500uniqueIdentifier $ "
    "preferredLanguage $ userSMIMECertificate $ userPKCS12 ) )",
    "( 1.3.6.1.1.3.1 NAME 'uidObject' SUP top AUXILIARY MUST uid )",
    "( 2.16.840.1.113730.3.2.147 NAME 'inetLocalMailRecipient' SUP top AUXILIARY MAY ( mailLocalAddress $ "
    "mailHost $ mailRoutingAddress ) )",
    "( 1.3.6.1.4.1.42.2.27.1.2.5 NAME 'nisMailAlias' SUP top STRUCTURAL MUST cn MAY rfc822MailMember )",
    "( 1.3.6.1.1.1.2.0 NAME 'posixAccount' SUP top AUXILIARY MUST ( cn $ uid $ uidNumber $ gidNumber $ "
    "homeDirectory ) MAY ( userPassword $ loginShell $ gecos $ description ) )",
    "( 1.3.6.1.1.1.2.2 NAME 'posixGroup' SUP top STRUCTURAL MUST ( cn $ gidNumber ) MAY ( userPassword $ "
    "memberUid $ description ) )",
    "( 2.25.227397372872760532598366431716147193615.2.1 NAME 's2lMailDomain' SUP top STRUCTURAL MUST "
    "associatedDomain MAY ( cn $ displayName $ description $ s2lEnabled $ s2lTargetDomain $ uidNumber $ "
    "gidNumber $ homeDirectory $ s2lQuotaBytes $ s2lQuotaMessages $ s2lMailStore $ s2lTransport $ "
    "s2lMaxMessageBytes $ s2lOrigin $ s2lSyncToken ) )",
    "( 2.25.227397372872760532598366431716147193615.2.2 NAME 's2lDomainAlias' SUP top STRUCTURAL MUST ( "
    "associatedDomain $ s2lTargetDomain ) MAY ( cn $ displayName $ description $ s2lEnabled $ "
    "s2lTransport $ s2lOrigin $ s2lSyncToken ) )",
    "( 2.25.227397372872760532598366431716147193615.2.3 NAME 's2lMailAccount' SUP top AUXILIARY MUST ( "
    "uid $ s2lEnabled ) MAY ( cn $ displayName $ description $ mail $ mailLocalAddress $ userPassword $ "
    "uidNumber $ gidNumber $ homeDirectory $ s2lLoginEnabled $ s2lService $ s2lQuotaBytes $ "
    "s2lQuotaMessages $ s2lMailStore $ s2lForwardTo $ s2lKeepCopy $ s2lTransport $ s2lMaxMessageBytes $ "
    "s2lVacationActive $ s2lVacationSubject $ s2lVacationText $ s2lVacationFrom $ s2lVacationUntil $ "
    "s2lVacationInterval $ s2lSieveScript $ s2lAllowNets $ s2lOrigin $ s2lSyncToken ) )",
    "( 2.25.227397372872760532598366431716147193615.2.4 NAME 's2lMailAlias' SUP top AUXILIARY MUST "
    "s2lEnabled MAY ( cn $ displayName $ description $ mail $ mailLocalAddress $ rfc822MailMember $ owner "
    "$ s2lAliasKind $ s2lRejectText $ s2lPipeCommand $ s2lOrigin $ s2lSyncToken ) )",
    "( 2.25.227397372872760532598366431716147193615.2.5 NAME 's2lMailGroup' SUP top AUXILIARY MUST "
    "s2lEnabled MAY ( cn $ displayName $ description $ mail $ mailLocalAddress $ rfc822MailMember $ "
    "member $ owner $ s2lGroupPublic $ s2lRejectText $ s2lOrigin $ s2lSyncToken ) )",
    "( 2.25.227397372872760532598366431716147193615.2.6 NAME 's2lManaged' SUP top AUXILIARY MUST "
    "s2lOrigin MAY ( s2lGoneSince $ s2lSyncToken ) )",
};

}  // namespace

constinit const std::span<const std::string_view> builtin_attribute_types = attribute_types;
constinit const std::span<const std::string_view> builtin_object_classes = object_classes;

}  // namespace sql2ldap::codec::detail
