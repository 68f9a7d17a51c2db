select * from marts.team_accountability
