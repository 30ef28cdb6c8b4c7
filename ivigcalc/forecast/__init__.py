"""What saved plans will use, week by week or month by month, for those who buy and those who plan chairs."""
